import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../contract/index.ts';

/**
 * The host's clocks, for a process of its own. The monotonic one does not count suspension: simulated patients sleep while
 * the machine does, and their kits then follow the wall clock.
 */
export const systemClock: Clock = {
  wall: () => Date.now(),
  mono: () => performance.now(),
  sleep: (ms, signal) => sleep(Math.max(0, ms), undefined, signal && { signal }),
};
