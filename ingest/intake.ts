// One publish, from its topic and bytes to what the batcher writes. Class C: the four outcomes of `reliability.md` 1.4 part
// here. Its callback is called exactly once. Messages of one connection keep their order, also while one of them waits for
// `registry` to be read to its end.
import {
  type AppendRecord,
  type Assignment,
  type Clock,
  encodeInput,
  encodeRecord,
  partitionOf,
  type Realm,
  type RefusedHeader,
  recordBytesMax,
  type StreamLog,
  senderHeader,
  statusTopic,
} from '../contract/index.ts';
import { accept, type Facts, type RefusedPart, type Verdict } from './accept.ts';
import type { Announcer } from './announcer.ts';
import { assignmentAt } from './assignments.ts';
import type { Batcher, Done, RefusedDraft } from './batcher.ts';
import { permit } from './broker/permit.ts';
import type { Counters } from './counters.ts';
import { IngestError } from './errors.ts';
import { HeaderCache } from './header-cache.ts';
import { waitingMax } from './limits.ts';
import type { RegistryView } from './registry-view.ts';
import { afterBeat, afterReading, type SenderClock, unknownClock } from './sender-clock.ts';

/** A proven identity on one connection. */
export interface Sender {
  readonly id: string;
  /** What its topics are, as far as it has used them; true for one version of the registry. */
  readonly grants: Map<string, Grant>;
  grantsVersion: number;
  /** Messages behind one that waits for the registry; undefined while none does. */
  waiting: Waiting[] | undefined;
}

export function newSender(id: string): Sender {
  return { id, grants: new Map(), grantsVersion: -1, waiting: undefined };
}

interface Waiting {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly done: Done;
}

/** A topic of a sender's exact set, and what is the same for every message on it. */
interface Grant {
  readonly kind: Facts['kind'];
  readonly lane: Facts['lane'];
  readonly device: string;
  readonly timeline: Facts['timeline'];
  readonly headers: HeaderCache;
}

export interface IntakePorts {
  readonly log: Pick<StreamLog, 'partitions'>;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly announcer: Announcer;
  readonly registry: RegistryView;
  readonly batcher: Pick<Batcher, 'add'>;
}

export class Intake {
  readonly #realm: Realm;
  readonly #ports: IntakePorts;
  /** Clocks outlive connections: a sender that comes back has the same one. As many as there are devices in `registry`. */
  readonly #clocks = new Map<string, SenderClock>();

  constructor(realm: Realm, ports: IntakePorts) {
    this.#realm = realm;
    this.#ports = ports;
  }

  /** Takes a QoS 1 publish of a sender. `done` without an error: it is durable, acknowledge it. */
  publish(sender: Sender, topic: string, payload: Uint8Array, done: Done): void {
    const message = { topic, payload, done };
    if (sender.waiting) {
      // More than a window cannot be in flight: the gate holds the rest.
      if (sender.waiting.length < waitingMax) sender.waiting.push(message);
      else done(new IngestError('too many messages wait for the registry', { code: 'INGEST_OVERLOADED' }));
      return;
    }
    if (this.#take(sender, message, false)) return;
    sender.waiting = [message];
    void this.#catchUp(sender);
  }

  /** True for the one topic that a sender's last will may have. */
  isStatusOf(id: string, topic: string): boolean {
    return topic === statusTopic(this.#realm, id);
  }

  /** A last will, as a hint: counted. Missing heartbeats are the evidence. */
  will(sender: Sender, topic: string): void {
    this.#ports.counters.add(this.isStatusOf(sender.id, topic) ? 'wills' : 'forbidden-will');
  }

  async #catchUp(sender: Sender): Promise<void> {
    let failed: Error | undefined;
    try {
      await this.#ports.registry.catchUp();
    } catch (error) {
      failed = error as Error;
      this.#ports.counters.add('registry-unavailable');
    }
    const waiting = sender.waiting ?? [];
    sender.waiting = undefined;
    for (const message of waiting) {
      if (failed) message.done(failed);
      else this.#takeSafely(sender, message);
    }
  }

  /** Called from no hook that would catch: one message's trouble is its own (ING-POISON). */
  #takeSafely(sender: Sender, message: Waiting): void {
    try {
      this.#take(sender, message, true);
    } catch (error) {
      this.#ports.counters.add('hook-threw');
      message.done(error as Error);
    }
  }

  /** False: something is not known here, and may be in `registry` all the same. */
  #take(sender: Sender, message: Waiting, isCaughtUp: boolean): boolean {
    const { topic, payload, done } = message;
    const grant = this.#grantOf(sender, topic);
    if (grant === 'forbidden') return this.#forbid(sender, done);
    if (grant === 'unbound') {
      if (!isCaughtUp) return false;
      const device = topic.split('/')[4] as string;
      const part: RefusedPart = {
        ...nameless,
        reason: 'unbound',
        detail: 'the device is not bound through this sender',
        bytes: payload,
      };
      this.#ports.batcher.add({ records: [], refused: [this.#draft(sender, device, topic, part, undefined)], done });
      return true;
    }
    const acceptedAt = this.#ports.clock.wall();
    const clock = this.#clocks.get(sender.id) ?? unknownClock;
    const verdict = accept(payload, { ...grant, clock, acceptedAt });
    if (!isCaughtUp && verdict.refused.some(({ reason }) => reason === 'unassigned')) return false;
    this.#learn(sender, grant, verdict, clock, acceptedAt);
    this.#ports.batcher.add({
      records: this.#records(sender, grant, verdict, payload, acceptedAt),
      refused: verdict.refused.length === 0 ? none : this.#drafts(sender, grant, topic, verdict, acceptedAt),
      done,
    });
    this.#ports.counters.add(grant.kind);
    return true;
  }

  #grantOf(sender: Sender, topic: string): Grant | 'unbound' | 'forbidden' {
    const { registry } = this.#ports;
    if (sender.grantsVersion !== registry.version) {
      sender.grants.clear();
      sender.grantsVersion = registry.version;
    }
    const known = sender.grants.get(topic);
    if (known) return known;
    const { assignments } = registry;
    const allowed = permit(topic, { realm: this.#realm, id: sender.id }, (device) =>
      assignments.isBound(sender.id, device),
    );
    if (allowed.kind === 'forbidden' || allowed.kind === 'unbound') return allowed.kind;
    const device = allowed.kind === 'data' ? allowed.device : sender.id;
    const kind = allowed.kind === 'data' ? allowed.data : allowed.kind;
    const lane = allowed.kind === 'data' ? allowed.lane : 'live';
    const timeline = assignments.timeline(sender.id, device);
    const headers = new HeaderCache({ kind: recordKinds[kind], device, sender: sender.id, lane });
    const grant: Grant = { kind, lane, device, timeline, headers };
    sender.grants.set(topic, grant);
    return grant;
  }

  #forbid(sender: Sender, done: Done): true {
    this.#ports.counters.add('forbidden-topic');
    this.#ports.announcer.say('warning', 'forbidden', `${sender.id} published to a topic that is not its own; closed`);
    done(new IngestError('not a topic of this sender', { code: 'INGEST_FORBIDDEN' }));
    return true;
  }

  /** What the message tells of its sender's clock. */
  #learn(sender: Sender, grant: Grant, verdict: Verdict, clock: SenderClock, acceptedAt: number): void {
    const { beat, newest, correction } = verdict;
    if (correction.skew !== 0) this.#ports.counters.add('skewed');
    if (beat) this.#clocks.set(sender.id, afterBeat(clock, beat, acceptedAt));
    else if (newest && grant.lane === 'live') {
      const after = afterReading(clock, newest, acceptedAt);
      if (after !== clock) this.#clocks.set(sender.id, after);
    }
  }

  #records(
    sender: Sender,
    grant: Grant,
    { accepted, correction, beat }: Verdict,
    payload: Uint8Array,
    acceptedAt: number,
  ): readonly AppendRecord[] {
    if (beat) return this.#beats(sender.id, payload, acceptedAt);
    const [first] = accepted;
    if (!first) return none;
    if (accepted.length === 1) return [this.#record(grant, first, correction, acceptedAt)];
    return accepted.map((part) => this.#record(grant, part, correction, acceptedAt));
  }

  #record(
    grant: Grant,
    { assignment, body }: Verdict['accepted'][number],
    correction: Verdict['correction'],
    acceptedAt: number,
  ): AppendRecord {
    return { key: assignment.patient, value: grant.headers.record(assignment, correction, acceptedAt, body) };
  }

  /** Once under the gateway's key, and once into each other partition that has a patient of it. */
  #beats(gateway: string, payload: Uint8Array, acceptedAt: number): AppendRecord[] {
    const { log, registry } = this.#ports;
    const value = encodeRecord({ v: 1, kind: 'gateway-beat', gateway, acceptedAt }, payload);
    const count = log.partitions('inputs');
    const own = partitionOf(gateway, count);
    const others = new Set<number>();
    for (const patient of registry.assignments.patientsOf(gateway, acceptedAt)) others.add(partitionOf(patient, count));
    others.delete(own);
    return [{ key: gateway, value }, ...[...others].map((partition) => ({ key: gateway, value, partition }))];
  }

  #drafts(sender: Sender, grant: Grant, topic: string, { refused }: Verdict, acceptedAt: number): RefusedDraft[] {
    // The engine is told in the name of whoever wears the device now.
    const wearer = assignmentAt(grant.timeline, acceptedAt);
    return refused.map((part) => this.#draft(sender, grant.device, topic, part, wearer));
  }

  #draft(
    sender: Sender,
    device: string,
    topic: string,
    part: RefusedPart,
    wearer: Assignment | undefined,
  ): RefusedDraft {
    const { reason, detail, bytes, boot, seq, vital } = part;
    const { clock, counters, announcer } = this.#ports;
    counters.add(`refused-${reason}`);
    announcer.say('warning', `refused-${reason}`, `a message of ${sender.id} was refused: ${reason}`);
    const acceptedAt = clock.wall();
    const header: RefusedHeader = {
      v: 1,
      kind: 'refused',
      sender: sender.id,
      device,
      topic,
      reason,
      detail,
      bytes: bytes.length,
      acceptedAt,
    };
    const refused = { key: sender.id, value: encodeRefused(header, bytes) };
    if (!wearer) return { refused, refusal: undefined };
    const { patient, id: assignment } = wearer;
    const from = senderHeader('refusal', { patient, device, assignment, sender: sender.id, acceptedAt });
    return {
      refused,
      refusal: (position) => ({
        key: patient,
        value: encodeInput({ ...from, kind: 'refusal' }, { boot, seq, vital, reason, refused: position }),
      }),
    };
  }
}

const none: readonly never[] = [];
const nameless = { boot: null, seq: null, vital: null } as const;

const recordKinds = {
  readings: 'readings',
  waveform: 'waveform',
  state: 'device-state',
  events: 'device-event',
  heartbeat: 'readings',
  status: 'readings',
} as const;

/** The bytes as they came, or as many of them as a record holds. */
function encodeRefused(header: RefusedHeader, bytes: Uint8Array): Uint8Array {
  const room = recordBytesMax - encodeRecord(header, new Uint8Array()).length;
  return encodeRecord(header, bytes.length <= room ? bytes : bytes.subarray(0, room));
}
