// The host of one partition for as long as the role runs: session after session, standing by in between when another
// owns it. On failure: an outage of the log is waited out; a mistake of ours is handed to `fatal`, which ends the process.
import { LogUnavailableError, type Position } from '../contract/index.ts';
import { announceEveryMs, blindAfterMs, retryLongestMs, snapshotOldMs, stopWithinMs, stuckAfterMs } from './limits.ts';
import type { AlertingPorts, CreateEngine, PartitionOptions, PartitionPorts } from './options.ts';
import { Claimant } from './owner.ts';
import { Session, type SessionPhase } from './session.ts';
import { standBy } from './standby.ts';

/** What one partition adds to the role's status. */
export interface PartitionStatus {
  readonly phase: SessionPhase | 'loading';
  readonly causes: readonly string[];
  readonly counters: Readonly<Record<string, number>>;
  readonly gauges: Readonly<Record<string, number>>;
}

interface Waiter {
  readonly position: Position;
  readonly resolve: () => void;
}

export class PartitionHost implements AsyncDisposable {
  readonly #options: PartitionOptions;
  readonly #ports: PartitionPorts;
  readonly #createEngine: CreateEngine;
  readonly #claimant: Claimant;
  readonly #stopping = new AbortController();
  readonly #counts = {
    written: 0,
    unwritable: 0,
    refused: 0,
    snapshots: 0,
    fenced: 0,
    applied: 0,
    poisoned: 0,
    late: 0,
  };
  readonly #waiters = new Set<Waiter>();
  #session: Session | undefined;
  /** Between two sessions. */
  #phase: 'loading' | 'fenced' = 'loading';
  #running: Promise<void> = Promise.resolve();
  #refusedAt = Number.NEGATIVE_INFINITY;
  #announcedAt = Number.NEGATIVE_INFINITY;

  constructor(options: PartitionOptions, ports: Required<AlertingPorts>, createEngine: CreateEngine) {
    const { instance, bootId } = options;
    this.#options = options;
    this.#createEngine = createEngine;
    this.#claimant = new Claimant({ instance, bootId, random: ports.random });
    this.#ports = {
      ...ports,
      onRefused: (error) => this.#noteRefused(error),
      onWritten: (events) => {
        this.#counts.written += events;
      },
      onUnwritable: (input) => this.#noteUnwritable(input),
      onSnapshot: () => {
        this.#counts.snapshots += 1;
      },
      onTurn: () => this.#release(),
    };
  }

  start(): void {
    this.#running = this.#run().catch(this.#ports.fatal);
  }

  /** Resolves once every record before `position` is judged and what it decided is durable. */
  settled(position: Position): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.add({ position, resolve });
      this.#release();
    });
  }

  get status(): PartitionStatus {
    const mono = this.#ports.clock.mono();
    const session = this.#session;
    const status = session?.status;
    const { refused, written, unwritable, snapshots, fenced } = this.#counts;
    const ticks = status?.ticks;
    return {
      phase: status?.phase ?? this.#phase,
      causes: this.#causes(mono),
      counters: {
        ...status?.core,
        'records-applied': this.#counts.applied + (session?.counts.applied ?? 0),
        'records-set-aside': this.#counts.poisoned + (session?.counts.poisoned ?? 0),
        'events-written': written,
        'events-unwritable': unwritable,
        'appends-refused': refused,
        'ticks-late': this.#counts.late + (ticks?.late ?? 0),
        'snapshots-written': snapshots,
        'times-fenced': fenced,
      },
      gauges: {
        'partitions-owned': status?.phase === 'owner' ? 1 : 0,
        'lag-positions': status?.lag ?? 0,
        'events-waiting': status?.unwritten ?? 0,
        'last-tick-age-ms': ticks ? Math.round(mono - ticks.durableAt) : 0,
        'snapshot-age-ms': status ? Math.round(mono - status.snapshotAt) : 0,
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    const { clock } = this.#ports;
    const enough = new AbortController();
    const deadline = clock.sleep(stopWithinMs, enough.signal).catch(() => {});
    await Promise.race([this.#running, deadline]);
    enough.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#live(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof LogUnavailableError)) throw error;
        this.#noteRefused(error);
        await this.#ports.clock.sleep(retryLongestMs, signal).catch(() => {});
      }
    }
  }

  /** One session, and standing by after it if another owns the partition. */
  async #live(signal: AbortSignal): Promise<void> {
    const parts = { options: this.#options, ports: this.#ports, createEngine: this.#createEngine };
    const session = await Session.open({ ...parts, claimant: this.#claimant, signal });
    this.#session = session;
    try {
      await session.follow();
    } finally {
      await session.close();
      this.#keepCounts(session);
    }
    if (signal.aborted) return;
    this.#counts.fenced += 1;
    this.#phase = 'fenced';
    const { position: from, epoch } = session;
    await standBy({ options: this.#options, ports: this.#ports, from, epoch, signal });
    this.#phase = 'loading';
  }

  #keepCounts(session: Session): void {
    this.#counts.applied += session.counts.applied;
    this.#counts.poisoned += session.counts.poisoned;
    this.#counts.late += session.status.ticks?.late ?? 0;
    this.#session = undefined;
  }

  #causes(mono: number): string[] {
    const status = this.#session?.status;
    const phase = status?.phase ?? this.#phase;
    if (phase === 'fenced') return ['fenced'];
    const causes: string[] = phase === 'owner' ? [] : ['catching-up'];
    const { ticks } = status ?? {};
    const isSilent = ticks !== undefined && mono - ticks.durableAt > blindAfterMs;
    if (isSilent || mono - this.#refusedAt < blindAfterMs) causes.push('log-down');
    if (status && status.lag > 0 && mono - status.progressedAt > stuckAfterMs) causes.push('engine-stuck');
    if (status?.inputsLost) causes.push('inputs-lost');
    if (ticks?.wallJumped) causes.push('clock-jump');
    if (ticks?.lateAt !== undefined && mono - ticks.lateAt < announceEveryMs) causes.push('ticks-late');
    if (status && mono - status.snapshotAt > snapshotOldMs) causes.push('snapshot-old');
    return causes;
  }

  #release(): void {
    const session = this.#session;
    if (!session?.isOwner || !session.isWritten) return;
    for (const waiter of this.#waiters) {
      if (session.position < waiter.position) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
  }

  #noteRefused(error: LogUnavailableError): void {
    this.#counts.refused += 1;
    const mono = this.#ports.clock.mono();
    this.#refusedAt = mono;
    if (mono - this.#announcedAt < announceEveryMs) return;
    this.#announcedAt = mono;
    this.#ports.announce('error', `partition ${this.#options.partition}: the log refuses: ${error.code}`);
  }

  #noteUnwritable(input: number): void {
    this.#counts.unwritable += 1;
    const { partition } = this.#options;
    this.#ports.announce(
      'error',
      `inputs/${partition}: what the record at ${input} decided is larger than a record may be`,
    );
  }
}
