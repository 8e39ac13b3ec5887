// The border, started: registry, batcher, broker, in this order, and stopped in reverse. Class C.
import { setImmediate as turn } from 'node:timers/promises';
import type { Announce, Clock, RoleStatus, RunningRole, StreamLog } from '../contract/index.ts';
import { Announcer } from './announcer.ts';
import { type Batcher, openBatcher } from './batcher.ts';
import { type Broker, openBroker } from './broker/broker.ts';
import { Counters } from './counters.ts';
import { IngestError } from './errors.ts';
import { Intake, newSender, type Sender } from './intake.ts';
import { acknowledgeWithinMs } from './limits.ts';
import { IngestOptions } from './options.ts';
import { openRegistryView, type RegistryView } from './registry-view.ts';

export interface IngestPorts {
  readonly log: StreamLog;
  readonly clock: Clock;
  readonly announce: Announce;
}

export interface RunningIngest extends RunningRole {
  /** Where it listens for MQTT. */
  readonly port: number;
}

/** Opens the border. Rejects with `IngestError`, or with the log's error where it cannot be read. */
export async function startIngest(
  options: IngestOptions,
  { log, clock, announce }: IngestPorts,
): Promise<RunningIngest> {
  const checked = IngestOptions.safeParse(options);
  if (!checked.success) throw new IngestError(checked.error.message, { code: 'INGEST_OPTIONS' });
  const { realm } = checked.data;
  const counters = new Counters();
  const announcer = new Announcer(announce, clock);
  await using stack = new AsyncDisposableStack();
  const registry = stack.use(await openRegistryView({ log, clock, counters, announcer }));
  const batcher = stack.use(openBatcher({ log, clock, counters, announcer }));
  const intake = new Intake(realm, { log, clock, counters, announcer, registry, batcher });
  const broker = stack.use(
    await openBroker<Sender>(checked.data, {
      clock,
      counters,
      announcer,
      device: (id) => registry.device(id),
      catchUp: () => registry.catchUp(),
      get isLogDown() {
        return batcher.isLogDown;
      },
      newSender,
      publish: (sender, topic, payload, done) => intake.publish(sender, topic, payload, done),
      mayWill: (id, topic) => intake.isStatusOf(id, topic),
      will: (sender, topic) => intake.will(sender, topic),
    }),
  );
  batcher.onPressure = (isPressed) => broker.setOpen(!isPressed);
  registry.onDevice = ({ id, revoked }) => {
    if (revoked) broker.disconnect(id);
  };
  return new Running({ counters, registry, batcher, broker, log }, stack.move());
}

interface Parts {
  readonly counters: Counters;
  readonly registry: RegistryView;
  readonly batcher: Batcher;
  readonly broker: Broker;
  readonly log: StreamLog;
}

class Running implements RunningIngest {
  readonly port: number;
  readonly #parts: Parts;
  readonly #stack: AsyncDisposableStack;
  #isStopping = false;

  constructor(parts: Parts, stack: AsyncDisposableStack) {
    this.#parts = parts;
    this.#stack = stack;
    this.port = parts.broker.port;
  }

  status(): RoleStatus {
    const { counters, batcher, broker, registry } = this.#parts;
    const causes = this.#causes();
    const isDown = causes.includes('log-down') || causes.includes('log-full');
    return {
      role: 'ingest',
      state: this.#isStopping ? 'stopping' : isDown ? 'down' : causes.length > 0 ? 'degraded' : 'ok',
      causes,
      counters: counters.all(),
      gauges: {
        connections: broker.connections,
        'connections-unauthenticated': broker.unauthenticated,
        senders: broker.online,
        'queued-messages': batcher.queued,
        'queued-bytes': batcher.queuedBytes,
        'registry-position': registry.position,
      },
    };
  }

  /** Nothing new, what is under way to its end, then the connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    const { broker, batcher } = this.#parts;
    batcher.onPressure = undefined;
    broker.stopListening();
    broker.setOpen(false);
    await batcher.drain(acknowledgeWithinMs);
    // The last acknowledgements are written within this turn of the event loop.
    await turn();
    await this.#stack.disposeAsync();
  }

  #causes(): string[] {
    const { batcher, log } = this.#parts;
    const { state } = log.health();
    if (state === 'full') return ['log-full'];
    if (state === 'down' || batcher.isLogDown) return ['log-down'];
    return batcher.isPressed ? ['overload'] : [];
  }
}
