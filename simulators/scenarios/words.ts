// The words of one row, taken from the left. The first that is not understood is the row's fault.
import { durationHint, parseDuration } from './duration.ts';
import { didYouMean } from './nearest.ts';

export type Word = string | number;

/** A word of a row that is not understood; `index` counts the row's words. */
export class RowFault extends Error {
  readonly index: number;
  constructor(index: number, message: string) {
    super(message);
    this.index = index;
  }
}

export class Words {
  readonly #words: readonly Word[];
  #next = 0;

  constructor(words: readonly Word[]) {
    this.#words = words;
  }

  /** The next word, or a fault that says what is missing. */
  take(what: string): Word {
    const word = this.#words[this.#next];
    if (word === undefined) throw new RowFault(Math.max(0, this.#next - 1), `expected ${what} after this`);
    this.#next++;
    return word;
  }

  /** The next word, which has to be one of these. */
  name<T extends string>(what: string, among: readonly T[]): T {
    return this.known(String(this.take(what)), what, among);
  }

  /** A word just taken, which has to be one of these. */
  known<T extends string>(word: string, what: string, among: readonly T[]): T {
    if ((among as readonly string[]).includes(word)) return word as T;
    const hint = didYouMean(word, among);
    const few = among.length <= 12 ? ` (${among.join(', ')})` : '';
    return this.fault(`${word} is no ${what}${hint === '' ? few : hint}`);
  }

  duration(): number {
    return this.asDuration(String(this.take('a time')));
  }

  asDuration(text: string): number {
    return parseDuration(text) ?? this.fault(`${text}: ${durationHint}`);
  }

  /** The words that are left, taken one by one. */
  *rest(): Generator<string> {
    while (this.#next < this.#words.length) yield String(this.take('an option'));
  }

  /** The word just taken is not understood. */
  fault(message: string): never {
    throw new RowFault(Math.max(0, this.#next - 1), message);
  }
}

/** Options of a row: `over 5s` is a keyword and what it says; a word by itself is taken by `bare`. */
export function readOptions<K extends string>(
  words: Words,
  keywords: Readonly<Record<K, (argument: string) => void>>,
  bare: (word: string) => boolean = () => false,
  bareNames: readonly string[] = [],
): void {
  const names = Object.keys(keywords) as K[];
  const seen = new Set<string>();
  for (const option of words.rest()) {
    const [keyword = '', ...argument] = option.trim().split(/\s+/);
    const isKeyword = (names as string[]).includes(keyword) && argument.length > 0;
    if (isKeyword && seen.has(keyword)) words.fault(`${keyword} is said twice`);
    if (isKeyword) {
      seen.add(keyword);
      keywords[keyword as K](argument.join(' '));
    } else if (!bare(option)) {
      const hint = didYouMean(argument.length > 0 ? keyword : option, [...names, ...bareNames]);
      const expected = names.length > 0 ? `, expected ${names.map((name) => `"${name} ..."`).join(', ')}` : '';
      words.fault(`${option} is not understood here${hint === '' ? expected : hint}`);
    }
  }
}
