// What ingest is started with, checked before anything opens.
import { z } from 'zod';
import { Realm } from '../contract/index.ts';
import { unauthenticatedMax, waitingMax } from './limits.ts';

/** Limits of one connection, `interfaces.md` 3. Larger ones are for benchmarks. */
const ConnectionLimits = z.strictObject({
  /** QoS 1 publishes that may be unacknowledged. */
  windowMax: z.int().min(1).max(65_535).default(waitingMax),
  framesPerSecondMax: z.int().min(1).default(500),
  bytesPerSecondMax: z.int().min(1).default(1_000_000),
  unauthenticatedMax: z.int().min(1).default(unauthenticatedMax),
});
export type ConnectionLimits = z.infer<typeof ConnectionLimits>;

export const IngestOptions = z.strictObject({
  realm: Realm,
  mqttHost: z.string().min(1).default('127.0.0.1'),
  mqttPort: z.int().min(0).max(65_535).default(8883),
  /** If the port is taken, the next free one. */
  anyPort: z.boolean().default(false),
  /** What `ensureCertificates` gives may be handed over whole. */
  tls: z.object({ certPem: z.string().min(1), keyPem: z.string().min(1) }),
  limits: ConnectionLimits.prefault({}),
});
/** As given. */
export type IngestOptions = z.input<typeof IngestOptions>;
/** With every default. */
export type CheckedIngestOptions = z.infer<typeof IngestOptions>;
