// What the build of the console refuses: texts that a language lacks or that nobody uses, words that an alarm must not have,
// and files that grew beyond their budget (console.md 10, 11).
import { gzipSync } from 'node:zlib';
import { IntlMessageFormat } from 'intl-messageformat';

export type Catalogue = Readonly<Record<string, string>>;

/** Keys whose text must be there in every language: what is said of a patient and of our ability to watch. */
const clinical = /^(alert|state|cause|act|safety)\./;

/** Words that promise what no button does, or that rank people's distress; by language. */
const forbidden: Readonly<Record<string, RegExp>> = {
  en: /\b(mut(e|ed|ing)|silenc(e|ed|ing)|snooz(e|ed|ing)|shelv(e|ed|ing)|urgent(ly)?|severity)\b/i,
  de: /(stumm|lautlos|ruhigstell|schlummer|zurückstell|dringend|schweregrad)/i,
};

export interface Sources {
  /** By language; `en` is the one that all others are compared with. */
  readonly catalogues: Readonly<Record<string, Catalogue>>;
  /** Every source file's text. */
  readonly code: readonly string[];
}

/** Everything that is wrong with the texts; empty: nothing. */
export function messageFaults({ catalogues, code }: Sources): string[] {
  const english = catalogues['en'] ?? {};
  const used = usedKeys(code);
  const unused = Object.keys(english).filter((key) => !used.isUsed(key));
  const missing = used.keys.filter((key) => !(key in english));
  return [
    ...unused.map((key) => `en: nobody uses ${key}`),
    ...missing.map((key) => `en: ${key} is missing`),
    ...Object.entries(catalogues).flatMap(([language, catalogue]) => [
      ...Object.keys(catalogue).flatMap((key) => textFaults(language, key, catalogue[key] ?? '', english[key])),
      ...Object.keys(english)
        .filter((key) => clinical.test(key) && !(key in catalogue))
        .map((key) => `${language}: ${key} is missing`),
    ]),
  ];
}

/** Texts that fall back to English; for information. */
export function fallbacks({ catalogues }: Sources, language: string): number {
  return Object.keys(catalogues['en'] ?? {}).filter((key) => !(key in (catalogues[language] ?? {}))).length;
}

function textFaults(language: string, key: string, text: string, english: string | undefined): string[] {
  if (english === undefined) return [`${language}: ${key} is not in en`];
  const faults: string[] = [];
  const names = placeholders(text, language);
  const wanted = placeholders(english, 'en');
  if (names === null) faults.push(`${language}: ${key} is no ICU message`);
  else if (wanted !== null && names.join() !== wanted.join())
    faults.push(`${language}: ${key} has {${names.join(', ')}}, en has {${wanted.join(', ')}}`);
  const word = forbidden[language]?.exec(text)?.[0];
  if (word !== undefined) faults.push(`${language}: ${key} says "${word}"`);
  return faults;
}

interface Part {
  readonly type: number;
  readonly value?: unknown;
  readonly options?: Readonly<Record<string, { readonly value: readonly Part[] }>>;
}

/** Names in braces, sorted, each once; null: the text does not parse. */
function placeholders(text: string, language: string): string[] | null {
  try {
    const names = new Set<string>();
    const walk = (parts: readonly Part[]) => {
      for (const { type, value, options } of parts) {
        // 0 is a literal, 7 the number sign of a plural.
        if (type !== 0 && type !== 7) names.add(String(value));
        for (const option of Object.values(options ?? {})) walk(option.value);
      }
    };
    walk(new IntlMessageFormat(text, language).getAst() as unknown as readonly Part[]);
    return [...names].sort();
  } catch {
    return null;
  }
}

const prefixes = 'act|alert|cause|keys|patient|safety|say|screen|state|time|trend|vital';

/** Keys that the code names whole, and the beginnings of those that it puts together. */
function usedKeys(code: readonly string[]) {
  const keys = new Set<string>();
  const begun = new Set<string>();
  for (const text of code) {
    for (const [, key = ''] of text.matchAll(new RegExp(`['"]((?:${prefixes})\\.[\\w.-]+)['"]`, 'g'))) keys.add(key);
    for (const [, start = ''] of text.matchAll(new RegExp(`\`((?:${prefixes})\\.[\\w.-]*)\\$\\{`, 'g')))
      begun.add(start);
  }
  const isUsed = (key: string) => keys.has(key) || [...begun].some((start) => key.startsWith(start));
  return { keys: [...keys], isUsed };
}

/** Most bytes, gzipped, of what a screen loads. */
export const budgetBytes = { entry: 60_000, patient: 45_000, worker: 8_000, style: 8_000, language: 12_000 } as const;
export type Budget = keyof typeof budgetBytes;

export function gzBytes(contents: Uint8Array): number {
  return gzipSync(contents, { level: 9 }).length;
}

/** What is too large. */
export function sizeFaults(sizes: Readonly<Partial<Record<Budget, number>>>): string[] {
  return (Object.keys(budgetBytes) as Budget[]).flatMap((part) => {
    const bytes = sizes[part] ?? 0;
    return bytes > budgetBytes[part] ? [`${part}: ${bytes} B gz, at most ${budgetBytes[part]}`] : [];
  });
}
