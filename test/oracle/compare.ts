// Where what the program told and what the oracle says are not the same, in words for whoever has to find out why.
import type { Expected, ExpectedEvent, ExpectedTruth } from './expected.ts';
import { wordsOf } from './time.ts';

/** The first difference and how many there are; undefined where there is none. */
export function differenceOf(actual: Expected, expected: Expected): string | undefined {
  return (
    differenceOfLists('event', actual.events.map(eventWords), expected.events.map(eventWords)) ??
    differenceOfLists('truth', inOrder(actual.truths.map(truthWords)), inOrder(expected.truths.map(truthWords)))
  );
}

/** The first place where two lists differ. */
export function differenceOfLists(
  what: string,
  actual: readonly string[],
  expected: readonly string[],
): string | undefined {
  const length = Math.max(actual.length, expected.length);
  for (let at = 0; at < length; at++) {
    if (actual[at] === expected[at]) continue;
    const [ours, theirs] = [actual[at] ?? 'nothing more', expected[at] ?? 'nothing more'];
    return `${what} ${at} of ${actual.length}, expected ${expected.length}:\n  told     ${ours}\n  expected ${theirs}`;
  }
  return undefined;
}

export function eventWords(event: ExpectedEvent): string {
  const { at, type, patient, kind, family, signal, rule, priority, peak, onsetAt, value, limit } = event;
  const about = signal === null ? family : `${family} of ${signal}`;
  const because = onsetAt === null ? '' : ` since ${wordsOf(onsetAt)}, ${value} is ${limit}`;
  return `${wordsOf(at)} ${patient} ${kind} ${type} ${about}: ${rule} ${priority}, peak ${peak}${because}`;
}

function truthWords({ family, rule, signal, onsetAt, trueAt, value, limit }: ExpectedTruth): string {
  return `${wordsOf(trueAt)} ${family} ${rule} by ${signal} since ${wordsOf(onsetAt)}: ${value} is ${limit}`;
}

function inOrder(words: readonly string[]): string[] {
  return [...words].sort();
}
