// The readings an alert rests on (ALR-EVIDENCE): the first ones and the newest ones, bounded.
import type { EvidenceReading } from '../../contract/index.ts';
import { evidenceFirst, evidenceMax } from './limits.ts';

/** Readings in order; of more than fit the middle is left out and counted. */
export interface Trail {
  readonly readings: EvidenceReading[];
  omitted: number;
}

export function emptyTrail(): Trail {
  return { readings: [], omitted: 0 };
}

export function extend(trail: Trail, reading: EvidenceReading): void {
  trail.readings.push(reading);
  if (trail.readings.length <= evidenceMax) return;
  trail.readings.splice(evidenceFirst, 1);
  trail.omitted++;
}

/** Identity of a reading in words, as ids and references name it. */
export function nameOf(reading: { readonly device: string; readonly boot: number; readonly seq: number }): string {
  return `${reading.device}/${reading.boot}/${reading.seq}`;
}
