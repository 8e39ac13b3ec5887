// The host as the ports show it: real clock, real chance, the boot id. Nothing else in Vigil reads them.
import { randomBytes, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock, Random } from './contract/index.ts';

/** How often the monotonic clock is compared with the uptime, which goes on while the machine is suspended. */
const suspensionCheckEveryMs = 1_000;
/** The uptime has a resolution of 10 ms and more; a smaller difference is no suspension. */
const suspensionMinMs = 500;

/** Wall clock of the system; a monotonic clock that counts suspension, in milliseconds since the host booted. */
export function hostClock(): Clock {
  const running = () => Number(process.hrtime.bigint()) / 1e6;
  let offset = uptime() * 1_000 - running();
  let checkedAt = running();
  return {
    wall: () => Date.now(),
    mono() {
      const now = running();
      if (now - checkedAt >= suspensionCheckEveryMs) {
        checkedAt = now;
        const suspended = uptime() * 1_000 - now - offset;
        if (suspended > suspensionMinMs) offset += suspended;
      }
      return now + offset;
    },
    sleep: (ms, signal) => sleep(Math.max(0, ms), undefined, signal && { signal }),
  };
}

/** Chance of the operating system. */
export function hostRandom(): Random {
  return {
    next: () => randomInt(0, 2 ** 47) / 2 ** 47,
    bytes: (n) => new Uint8Array(randomBytes(n)),
  };
}

/** Changes with each boot of the machine: a monotonic clock may be compared only within one. */
export function hostBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // Elsewhere than on Linux: the minute of the boot tells two boots apart.
    return `boot-${Math.round((Date.now() / 1_000 - uptime()) / 60)}`;
  }
}
