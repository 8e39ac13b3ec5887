// Heartbeats of gateways and direct devices that live in virtual time, each 10 s as `interfaces.md` 3.4 says. Invariants: a
// gateway's beats rise by one; one that is silent keeps its number and, once it is heard again, beats at once. Pure.
import { beatEveryMs, type Heartbeat } from '../contract/index.ts';

/** Time that a beat may be late before its own promise is broken. */
const graceMs = 1_000;

interface Beating {
  readonly devices: Set<string>;
  beat: number;
  /** Monotonic; Infinity while it is silent. */
  nextAt: number;
}

/** One beat that is due. */
export interface DueBeat {
  readonly gateway: string;
  readonly payload: Uint8Array;
}

export class VirtualBeats {
  readonly #gateways = new Map<string, Beating>();

  /** The gateway beats from now on, for one more device. */
  add(gateway: string, device: string, mono: number): void {
    const known = this.#gateways.get(gateway) ?? { devices: new Set(), beat: 0, nextAt: mono };
    known.devices.add(device);
    this.#gateways.set(gateway, known);
  }

  silence(gateway: string): void {
    this.#of(gateway).nextAt = Number.POSITIVE_INFINITY;
  }

  resume(gateway: string, mono: number): void {
    const known = this.#of(gateway);
    if (known.nextAt === Number.POSITIVE_INFINITY) known.nextAt = mono;
  }

  get nextAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { nextAt } of this.#gateways.values()) next = Math.min(next, nextAt);
    return next;
  }

  /** Beats that are due at `mono`, whose UTC is `wall`. */
  due(mono: number, wall: number): DueBeat[] {
    return [...this.#gateways].flatMap(([gateway, known]) => {
      if (known.nextAt > mono) return [];
      known.beat += 1;
      known.nextAt = mono + beatEveryMs;
      return [{ gateway, payload: payloadOf(known, wall) }];
    });
  }

  #of(gateway: string): Beating {
    const known = this.#gateways.get(gateway);
    if (!known) throw new RangeError(`there is no gateway ${gateway}`);
    return known;
  }
}

function payloadOf({ devices, beat }: Beating, at: number): Uint8Array {
  const body: Heartbeat = {
    v: 1,
    boot: 1,
    beat,
    at,
    nextBy: at + beatEveryMs + graceMs,
    config: 'virtual',
    desired: null,
    previous: beat === 1 ? null : { beat: beat - 1, rttMs: 0 },
    radio: { state: 'none', lastHeardAt: null },
    devices: [...devices].map((id) => ({ id, link: 'up', lastDataAt: null })),
    spool: { records: 0, bytes: 0, oldestAt: null, thinned: 0, freeBytes: null },
    clock: { state: 'synced', offsetMs: 0, errorMs: 0 },
  };
  return new TextEncoder().encode(JSON.stringify(body));
}
