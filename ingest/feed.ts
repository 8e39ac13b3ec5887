// The border without its listener, fed at `accept` (`records.md` 11): registry, intake and batcher as behind MQTT, one
// publish after another. Class C. Invariant: a message goes the way of every message; only the connection is missing, whose
// sender the caller vouches for. On failure: as `intake.ts` and `batcher.ts`; the publish rejects.
import {
  type Announce,
  type Clock,
  decodeRecord,
  type Realm,
  type RefusalReason,
  type RefusedHeader,
  type RoleStatus,
  type RunningRole,
  type StreamLog,
} from '../contract/index.ts';
import { Announcer } from './announcer.ts';
import { type Batcher, type Done, type Entry, openBatcher } from './batcher.ts';
import { Counters } from './counters.ts';
import { Intake, newSender, type Sender } from './intake.ts';
import { openRegistryView, type RegistryView } from './registry-view.ts';

/** What became of one message. */
export interface FeedOutcome {
  /** Records in `inputs`. */
  readonly accepted: number;
  /** Why each part that is in `refused` was not let in. */
  readonly refused: readonly RefusalReason[];
}

export interface RunningFeed extends RunningRole {
  /** Resolves once the message is durable in `inputs` or `refused`; rejects as MQTT would close the connection. */
  publish(sender: string, topic: string, payload: Uint8Array): Promise<FeedOutcome>;
  /** Resolves once all that stands in `registry` now is known here. */
  settled(): Promise<void>;
}

export interface FeedPorts {
  readonly log: StreamLog;
  readonly clock: Clock;
  readonly announce: Announce;
}

/** Opens the border for a caller in the same process. */
export async function startFeed({ realm }: { readonly realm: Realm }, ports: FeedPorts): Promise<RunningFeed> {
  const { log, clock, announce } = ports;
  const counters = new Counters();
  const announcer = new Announcer(announce, clock);
  await using stack = new AsyncDisposableStack();
  const registry = stack.use(await openRegistryView({ log, clock, counters, announcer }));
  const batcher = stack.use(openBatcher({ log, clock, counters, announcer }));
  return new Feed(realm, { log, clock, counters, announcer, registry, batcher }, stack.move());
}

interface Parts {
  readonly log: StreamLog;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly announcer: Announcer;
  readonly registry: RegistryView;
  readonly batcher: Batcher;
}

class Feed implements RunningFeed {
  readonly #parts: Parts;
  readonly #intake: Intake;
  readonly #stack: AsyncDisposableStack;
  readonly #senders = new Map<string, Sender>();
  /** What the message of each callback becomes, from when it is accepted until it is told. */
  readonly #outcomes = new Map<Done, FeedOutcome>();
  #isStopping = false;

  constructor(realm: Realm, parts: Parts, stack: AsyncDisposableStack) {
    this.#parts = parts;
    const { batcher } = parts;
    const add = (entry: Entry) => {
      this.#outcomes.set(entry.done, outcomeOf(entry));
      batcher.add(entry);
    };
    this.#intake = new Intake(realm, { ...parts, batcher: { add } });
    this.#stack = stack;
  }

  publish(sender: string, topic: string, payload: Uint8Array): Promise<FeedOutcome> {
    const from = this.#senders.get(sender) ?? newSender(sender);
    this.#senders.set(sender, from);
    return new Promise((resolve, reject) => {
      const done: Done = (error) => {
        const outcome = this.#outcomes.get(done);
        this.#outcomes.delete(done);
        if (error || !outcome) reject(error ?? new Error('a message was told and never taken'));
        else resolve(outcome);
      };
      this.#intake.publish(from, topic, payload, done);
    });
  }

  settled(): Promise<void> {
    return this.#parts.registry.catchUp();
  }

  status(): RoleStatus {
    const { counters, batcher, registry } = this.#parts;
    const causes = batcher.isLogDown ? ['log-down'] : [];
    return {
      role: 'ingest',
      state: this.#isStopping ? 'stopping' : causes.length > 0 ? 'down' : 'ok',
      causes,
      counters: counters.all(),
      gauges: {
        'queued-messages': batcher.queued,
        'queued-bytes': batcher.queuedBytes,
        'registry-position': registry.position,
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    await this.#stack.disposeAsync();
  }
}

function outcomeOf({ records, refused }: Entry): FeedOutcome {
  if (refused.length === 0) return { accepted: records.length, refused: none };
  const reasons = refused.map((draft) => (decodeRecord(draft.refused.value).header as unknown as RefusedHeader).reason);
  return { accepted: records.length, refused: reasons };
}

const none: readonly never[] = [];
