// What ingest knows of `registry`: devices with their tokens, and who wears what. Class C. It is read to its end before the
// listener opens, and followed; whoever does not find something first has it read to its end again, because an assignment
// may have been written a moment before its first reading (`records.md` 7). A record that cannot be read is announced and
// passed over; a log that cannot be read is tried again, and meanwhile nothing is refused for what may stand there.
import {
  Assignment,
  type Clock,
  Device,
  decodeBody,
  decodeRecord,
  type LogRecord,
  type Position,
  PositionOutsideLogError,
  RegistryHeader,
  type StreamLog,
} from '../contract/index.ts';
import type { Announcer } from './announcer.ts';
import { Assignments } from './assignments.ts';
import type { Counters } from './counters.ts';
import { IngestError } from './errors.ts';
import { catchUpWithinMs, registryRetryMs } from './limits.ts';

export interface RegistryPorts {
  readonly log: StreamLog;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly announcer: Announcer;
}

export interface RegistryView extends AsyncDisposable {
  readonly assignments: Assignments;
  /** Changes with everything that is read: what was derived from this view is then out of date. */
  readonly version: number;
  /** Where the next record would be read. */
  readonly position: Position;
  device(id: string): Device | undefined;
  /** Resolves once all that stands in `registry` at the time of the call is here; rejects with `INGEST_REGISTRY_UNAVAILABLE`. */
  catchUp(): Promise<void>;
  /** Called with each device that was read after the first catch-up. */
  onDevice: ((device: Device) => void) | undefined;
}

/** Reads `registry` to its end and follows it. */
export async function openRegistryView(ports: RegistryPorts): Promise<RegistryView> {
  const view = new FollowedRegistry(ports);
  try {
    await view.catchUp();
  } catch (error) {
    await view[Symbol.asyncDispose]();
    throw error;
  }
  return view;
}

interface Waiter {
  readonly position: Position;
  readonly resolve: () => void;
}

class FollowedRegistry implements RegistryView {
  readonly assignments = new Assignments();
  onDevice: ((device: Device) => void) | undefined;
  readonly #ports: RegistryPorts;
  readonly #devices = new Map<string, Device>();
  readonly #stopping = new AbortController();
  readonly #following: Promise<void>;
  readonly #waiters = new Set<Waiter>();
  #position: Position | undefined;
  #version = 0;
  #catchingUp: Promise<void> | undefined;

  constructor(ports: RegistryPorts) {
    this.#ports = ports;
    this.#following = this.#follow();
  }

  get version(): number {
    return this.#version;
  }

  get position(): Position {
    return this.#position ?? 0;
  }

  device(id: string): Device | undefined {
    return this.#devices.get(id);
  }

  async catchUp(): Promise<void> {
    // One that is under way asked for the end before this call: it may stand before what this caller looks for.
    await this.#catchingUp?.catch(() => {});
    this.#catchingUp ??= this.#catchUpOnce().finally(() => {
      this.#catchingUp = undefined;
    });
    return this.#catchingUp;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  async #catchUpOnce(): Promise<void> {
    const { log, clock } = this.#ports;
    const late = new AbortController();
    const deadline = clock.sleep(catchUpWithinMs, late.signal).then(
      () => {
        throw new IngestError('registry could not be read to its end in time', { code: 'INGEST_REGISTRY_UNAVAILABLE' });
      },
      () => {},
    );
    try {
      await Promise.race([this.#reach(log), deadline]);
    } catch (cause) {
      if (cause instanceof IngestError) throw cause;
      throw new IngestError('registry could not be read', { code: 'INGEST_REGISTRY_UNAVAILABLE', cause });
    } finally {
      late.abort();
    }
  }

  async #reach(log: StreamLog): Promise<void> {
    const { high } = await log.bounds('registry', 0);
    if (this.#position !== undefined && this.#position >= high) return;
    await new Promise<void>((resolve) => {
      this.#waiters.add({ position: high, resolve });
    });
  }

  async #follow(): Promise<void> {
    const { log, clock, announcer } = this.#ports;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        this.#position ??= (await log.bounds('registry', 0)).low;
        this.#wake();
        for await (const batch of log.read('registry', 0, this.#position, { signal })) {
          for (const record of batch.records) this.#take(record);
          this.#position = batch.next;
          this.#wake();
        }
      } catch (error) {
        // What was read stays true; compaction may have moved the start behind us.
        if (error instanceof PositionOutsideLogError) this.#position = undefined;
        announcer.say('warning', 'registry', 'registry cannot be read; it is tried again');
        await clock.sleep(registryRetryMs, signal).catch(() => {});
      }
    }
  }

  #wake(): void {
    for (const waiter of this.#waiters) {
      if (this.position < waiter.position) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  #take({ key, value }: LogRecord): void {
    try {
      if (value.length === 0) this.#remove(key);
      else this.#put(value);
      this.#version += 1;
    } catch {
      this.#ports.counters.add('registry-poisoned');
      this.#ports.announcer.say(
        'error',
        'registry-poisoned',
        'a record of registry cannot be read and was passed over',
      );
    }
  }

  #put(value: Uint8Array): void {
    const raw = decodeRecord(value);
    const { kind } = RegistryHeader.parse(raw.header);
    if (kind === 'device') {
      const device = Device.parse(decodeBody(raw.body));
      this.#devices.set(device.id, device);
      this.onDevice?.(device);
    } else if (kind === 'assignment') this.assignments.put(Assignment.parse(decodeBody(raw.body)));
  }

  #remove(key: string): void {
    const [kind, id = ''] = key.split('/');
    if (kind === 'assignment') this.assignments.remove(id);
    if (kind !== 'device') return;
    const device = this.#devices.get(id);
    this.#devices.delete(id);
    if (device) this.onDevice?.({ ...device, revoked: true });
  }
}
