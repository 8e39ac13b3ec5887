import { z } from 'zod';
import { Boot, DurationMs, Id, Realm } from '../../contract/index.ts';

/** Low readings in a row, planned: in each window of `everyReadings` one run of `lengthReadings`, `gapReadings` from both ends. */
const EpisodePlan = z
  .strictObject({
    everyReadings: z.int().min(1),
    lengthReadings: z.int().min(1),
    gapReadings: z.int().min(0),
  })
  .refine(({ everyReadings, lengthReadings, gapReadings }) => everyReadings >= lengthReadings + 2 * gapReadings, {
    error: 'expected everyReadings >= lengthReadings + 2 gapReadings',
  });
export type EpisodePlan = z.infer<typeof EpisodePlan>;

const Share = z.number().min(0).lt(1);

/** What a fleet does; the file of `fleet-process.ts`. */
export const FleetConfig = z.strictObject({
  seed: z.int().nonnegative(),
  realm: Realm.default('test'),
  broker: z.strictObject({
    host: z.string(),
    port: z.int().min(1).max(65_535),
    servername: z.string().default('localhost'),
    /** PEM of the authority; null: plain TCP. */
    caFile: z.string().nullable(),
  }),
  devices: z.array(z.strictObject({ id: Id, token: z.string(), patient: Id })).min(1),
  /** Of every device. A fleet started again needs a higher one, or its readings would not be new. */
  boot: Boot.default(1),
  /** Between two readings of a device; 0: as fast as the window allows. */
  everyMs: DurationMs,
  /** It ends by itself after these, or after `durationMs`; null: never. */
  readingsPerDevice: z.int().min(1).nullable().default(null),
  durationMs: DurationMs.nullable().default(null),
  /** Unacknowledged publishes of a device. */
  window: z.int().min(1).max(64).default(16),
  /** Share of readings sent twice. */
  duplicates: Share.default(0),
  /** Share of readings sent after the one that follows them. */
  reorder: Share.default(0),
  episodes: EpisodePlan.nullable().default(null),
  /** Heartbeats each 10 s, as a device that connects by itself has them. */
  beats: z.boolean().default(true),
  reconnectMs: z.strictObject({ least: DurationMs, most: DurationMs }).default({ least: 200, most: 2_000 }),
  /** At its end it waits so long for acknowledgements. */
  drainMs: DurationMs.default(10_000),
  journalFile: z.string(),
  truthFile: z.string(),
});
export type FleetConfig = z.infer<typeof FleetConfig>;
/** The same, with what has a default left out. */
export type FleetConfigInput = z.input<typeof FleetConfig>;
