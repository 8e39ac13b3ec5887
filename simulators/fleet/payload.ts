// What a fleet sends is a function of seed, device, boot, seq and takenAt: whoever holds the journal can make every byte
// again and compare.
import type { Reading } from '../../contract/index.ts';
import { readingsPayload } from '../messages.ts';
import { pseudoRandom } from '../random.ts';
import type { EpisodePlan } from './config.ts';

/** Which reading, of which run of a fleet. */
export interface FleetReadingId {
  readonly seed: number;
  readonly episodes: EpisodePlan | null;
  readonly device: string;
  readonly boot: number;
  readonly seq: number;
  readonly takenAt: number;
}

/** SpO2 of 94 to 98, and 80 to 85 within a planned episode. */
export function fleetReading(id: FleetReadingId): Reading {
  const { seed, device, boot, seq, takenAt } = id;
  const chance = pseudoRandom(seed, device, boot, seq);
  return {
    v: 1,
    boot,
    seq,
    vital: 'spo2',
    value: isLow(id) ? 80 + (chance % 6) : 94 + (chance % 5),
    unit: '%',
    quality: 'good',
    takenAt,
    receivedAt: takenAt,
    clock: 'synced',
  };
}

/** Its bytes. */
export function fleetPayload(id: FleetReadingId): Uint8Array {
  return readingsPayload([fleetReading(id)]);
}

/** True for the readings of planned episodes. */
export function isLow({ seed, episodes, device, boot, seq }: Omit<FleetReadingId, 'takenAt'>): boolean {
  if (!episodes) return false;
  const { everyReadings, lengthReadings, gapReadings } = episodes;
  const window = Math.floor((seq - 1) / everyReadings);
  const places = everyReadings - lengthReadings - 2 * gapReadings + 1;
  const first = gapReadings + (pseudoRandom(seed, device, boot, 'episode', window) % places);
  const place = (seq - 1) % everyReadings;
  return place >= first && place < first + lengthReadings;
}
