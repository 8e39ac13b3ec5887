// What the main thread and the watchdog thread say to each other.

import type { LooksLimits } from './looks.ts';
import type { OpsSnapshot } from './ops-snapshot.ts';

/** Given to the thread at its start. */
export interface WatchdogData {
  /** Two cells of 32 bits: raised by the main thread each cycle; times the thread has declared it stuck. */
  readonly cells: SharedArrayBuffer;
  readonly opsHost: string;
  readonly opsPort: number;
  readonly anyPort: boolean;
  readonly looks: LooksLimits;
}

export const cycleCell = 0;
export const stuckCell = 1;

export type ToWatchdog = { readonly type: 'feed'; readonly snapshot: OpsSnapshot } | { readonly type: 'close' };
export type FromWatchdog =
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'failed'; readonly message: string };
