// What the role is told: options, checked once, and the ports that it may use.
import { z } from 'zod';
import {
  type Announce,
  type Clock,
  Id,
  type Random,
  Realm,
  type RoleStatus,
  RuleSet,
  type StreamLog,
  type TimeSeriesStore,
} from '../contract/index.ts';

export const ApiOptions = z.strictObject({
  realm: Realm,
  /** Loopback only: this listener is plain. */
  httpHost: z.string().refine((host) => ['127.0.0.1', 'localhost', '::1'].includes(host), { error: 'not loopback' }),
  /** 0: any free port. */
  httpPort: z.int().min(0).max(65_535),
  /** A port that is taken is stepped over; only for a default that nobody named. */
  anyPort: z.boolean().default(false),
  /** Folder of the bundled console; without one only the API is served. */
  consoleFolder: z.string().min(1).optional(),
  /** Path of the local operator's socket; made with mode 0600. */
  adminSocket: z.string().min(1).optional(),
  /** Installed at start if `registry` holds none or another. */
  rules: RuleSet,
  version: z.string().min(1),
  configHash: z.string().min(1),
  /** Id of the installation: the root of the audit chains. */
  installation: z.string().min(1).max(64),
  /** Name of this process; its audit chain is named after it. */
  instance: Id.default('vigil-1'),
});
export type ApiOptions = z.input<typeof ApiOptions>;
export type CheckedOptions = z.output<typeof ApiOptions>;

export interface ApiPorts {
  readonly log: StreamLog;
  readonly store: TimeSeriesStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly announce: Announce;
  /** What all roles of the process say of themselves, for GET /system; default: the api alone. */
  readonly roles?: () => readonly RoleStatus[];
  /** Told if following the log fails by a mistake of ours; default: ends the process, its parent starts it again. */
  readonly fatal?: (error: unknown) => void;
}
