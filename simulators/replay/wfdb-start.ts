import { earliestTakenAt } from '../../contract/index.ts';
import { quoted } from './bytes.ts';
import { fixedStart, type ReadOptions, type Recording } from './recording.ts';
import type { WfdbHeader } from './wfdb-header.ts';
import { isTime, zoneRule } from './zone.ts';

type Start = Pick<Recording, 'startsAt' | 'startSource' | 'notes'>;

/** When a record began: as a person says, as its header says, or at a fixed time. An odd date is told and left out. */
export function wfdbStart({ time, date }: WfdbHeader, { from, zone }: ReadOptions): Start {
  if (from !== undefined) return { startsAt: from, startSource: '--from', notes: [] };
  const fixed = (note: string): Start => ({
    startsAt: fixedStart,
    startSource: 'fixed',
    notes: [`${note}; it begins at ${new Date(fixedStart).toISOString()} (--from says another time)`],
  });
  if (date === undefined)
    return fixed(time === undefined ? 'the header has no date' : `the header has a time, ${time}, and no date`);
  const written = `${time ?? ''} ${date}`.trim();
  const [, hour, minute, second] = /^\[?(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d+)?)$/.exec(time ?? '') ?? [];
  const [, day, month, year] = /^(\d{1,2})\/(\d{1,2})\/(\d{4})\]?$/.exec(date) ?? [];
  const local = {
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
  };
  if (!isTime(local)) return fixed(`the header's time ${quoted(written)} is none (expected HH:MM:SS DD/MM/YYYY)`);
  const startsAt = zoneRule(zone ?? 'UTC')(local)[0] as number;
  if (startsAt < earliestTakenAt)
    return fixed(`the header's time ${quoted(written)} is before 2015, which Vigil takes for a mistake`);
  const notes = zone === undefined ? [`its time ${quoted(written)} is taken as UTC (--zone says another)`] : [];
  return { startsAt, startSource: 'file', notes };
}
