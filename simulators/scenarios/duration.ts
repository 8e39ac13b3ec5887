// Times as people write them in a scenario: 29s, 1h30m, 500ms.

const unitsMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const form = /^(?:(\d+(?:\.\d+)?)(d|h|ms|m|s))+$/;
const parts = /(\d+(?:\.\d+)?)(d|h|ms|m|s)/g;

/** What a time looks like, for whoever wrote another. */
export const durationHint = 'expected a time, such as 29s, 1h30m or 500ms';

/** Whole milliseconds, or undefined if it is no time. */
export function parseDuration(text: string): number | undefined {
  if (!form.test(text)) return undefined;
  let sum = 0;
  for (const [, count, unit] of text.matchAll(parts)) sum += Number(count) * unitsMs[unit as keyof typeof unitsMs];
  return Number.isInteger(sum) ? sum : undefined;
}

/** The shortest way to write it: 29s, 1m15s, 2h, 1.5s. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`;
  const hours = Math.floor(ms / unitsMs.h);
  const minutes = Math.floor((ms % unitsMs.h) / unitsMs.m);
  const seconds = (ms % unitsMs.m) / unitsMs.s;
  const text = `${hours > 0 ? `${hours}h` : ''}${minutes > 0 ? `${minutes}m` : ''}${seconds > 0 ? `${seconds}s` : ''}`;
  return text === '' ? '0s' : text;
}
