// A file as what comes of it when it is played: who is watched, what arrives and when. A recording is accepted as it was
// taken; a block of samples when its last sample was.
import type { Measured } from './csv.ts';
import type { Arrived, GivenSignal } from './given.ts';
import type { WfdbRecord } from './wfdb.ts';

/** Readings of one signal, `shiftMs` later than the file says. */
export function readingsWatched(
  name: string,
  everyMs: number,
  measured: readonly Measured[],
  shiftMs = 0,
): GivenSignal {
  const arrivals: Arrived[] = [];
  for (const { at, value, bound } of measured) {
    const time = at + shiftMs;
    arrivals.push({ at: time, acceptedAt: time, value, bound, good: value !== null, usable: value !== null });
  }
  return { name, everyMs, firstWithinMs: firstWithinMs(everyMs), arrivals };
}

/** Blocks of whole seconds, the last one shorter; a block without one valid sample says nothing. */
export function blocksWatched(record: WfdbRecord, startAt: number, leads: readonly string[]): readonly GivenSignal[] {
  return record.signals.map(({ adc }, index) => {
    const arrivals: Arrived[] = [];
    for (let first = 0; first < adc.length; first += record.rateHz) {
      const block = adc.slice(first, first + record.rateHz);
      const endMs = ((first + block.length) * 1_000) / record.rateHz;
      const usable = block.some((sample) => sample !== null);
      const times = { at: startAt + Math.floor(endMs), acceptedAt: startAt + Math.ceil(endMs) };
      arrivals.push({ ...times, value: null, bound: null, good: usable, usable });
    }
    return { name: leads[index] ?? '', everyMs: 1_000, firstWithinMs: firstWithinMs(1_000), arrivals };
  });
}

/** A first reading is waited for 2 min, or two intervals (`alerting.md` 2.7). */
function firstWithinMs(everyMs: number): number {
  return Math.max(120_000, 2 * everyMs);
}
