import { createHash } from 'node:crypto';
import { unclear } from './errors.ts';
import type { Recording } from './recording.ts';
import type { ReplayDevice } from './script.ts';

/** Who a recording is: the same file and seed, the same names. */
export interface ReplayIdentity {
  /** `rec-3f9a02c11b`: its device, unless a signal is given another. */
  readonly name: string;
  /** Record number of its patient. */
  readonly mrn: string;
}

export function identityOf({ sha256 }: Recording, seed: number): ReplayIdentity {
  const key = createHash('sha256')
    .update(JSON.stringify([sha256, seed]))
    .digest('hex')
    .slice(0, 10);
  return { name: `rec-${key}`, mrn: `REC-${key}` };
}

/** The devices of a recording: one, and one more for each name that a signal was given (by our name for it, or the file's). */
export function devicesOf(
  recording: Recording,
  { name }: ReplayIdentity,
  named: ReadonlyMap<string, string>,
): readonly ReplayDevice[] {
  const { signals } = recording;
  for (const [signal, device] of named)
    if (!signals.some((each) => each.name === signal || each.source === signal))
      throw unclear(
        recording.files[0]?.path ?? recording.name,
        `--map ${signal}=${device}: it plays no ${signal}, but ${signals.map((each) => each.name).join(', ')}`,
      );
  const groups = Map.groupBy(signals, (each) => named.get(each.name) ?? named.get(each.source) ?? name);
  return [...groups].map(([device, members]) => ({ name: device, signals: members }));
}
