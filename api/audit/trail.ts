// Writing the audit trail (SEC-AUDIT). Class C. Invariants: rows of this process are one chain without a gap, in the order
// in which they were told; one append at a time, and one that the log refused is sent again unchanged until it is durable,
// so a row can stand twice but never differently. On failure: whoever must not go on without a row is refused with
// `audit-down`; what does not fit the queue is counted, and the count becomes a row itself.
import {
  type Clock,
  encodeRecord,
  LogUnavailableError,
  type Position,
  type StreamLog,
  toInstant,
} from '../../contract/index.ts';
import { endsWithin } from '../deadline.ts';
import { AuditDownError } from '../errors.ts';
import {
  auditBatchMs,
  auditRetryMs,
  auditRowsMax,
  auditRowsPerAppend,
  auditWithinMs,
  stopWithinMs,
} from '../limits.ts';
import { type AuditEntry, type ChainEnd, canonical, chained, chainRoot } from './chain.ts';
import { readRow } from './verify.ts';

export interface TrailOptions {
  readonly installation: string;
  readonly chain: string;
  readonly configHash: string;
}

interface Waiting {
  readonly entry: Omit<AuditEntry, 'at'> & { readonly at: string };
  readonly durable: PromiseWithResolvers<void> | undefined;
}

export class AuditTrail implements AsyncDisposable {
  readonly #options: TrailOptions;
  readonly #log: StreamLog;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #end: ChainEnd;
  #queue: Waiting[] = [];
  #lost = 0;
  #isDown = false;
  #rows = 0;
  #wake = Promise.withResolvers<void>();
  #isUrgent = false;

  constructor(options: TrailOptions, end: ChainEnd, log: StreamLog, clock: Clock) {
    this.#options = options;
    this.#end = end;
    this.#log = log;
    this.#clock = clock;
    this.#running = this.#run();
  }

  /** True while the log refuses rows. */
  get isDown(): boolean {
    return this.#isDown;
  }
  get counters(): { readonly rows: number; readonly lost: number; readonly waiting: number } {
    return { rows: this.#rows, lost: this.#lost, waiting: this.#queue.length };
  }

  /** Tells a row that nobody waits for: a read, a denial. */
  note(entry: Omit<AuditEntry, 'at'>): void {
    this.#add(entry, undefined);
  }

  /** Resolves once the row is durable; rejects with `AuditDownError`. The row comes all the same, later. */
  async record(entry: Omit<AuditEntry, 'at'>): Promise<void> {
    const durable = Promise.withResolvers<void>();
    if (!this.#add(entry, durable)) throw new AuditDownError();
    const deadline = new AbortController();
    try {
      await Promise.race([
        durable.promise,
        this.#clock.sleep(auditWithinMs, deadline.signal).then(() => {
          throw new AuditDownError();
        }),
      ]);
    } finally {
      deadline.abort();
    }
  }

  #add(entry: Omit<AuditEntry, 'at'>, durable: Waiting['durable']): boolean {
    if (this.#queue.length >= auditRowsMax) {
      this.#lost++;
      return false;
    }
    this.#queue.push({ entry: { at: toInstant(this.#clock.wall()), ...entry }, durable });
    if (durable) this.#isUrgent = true;
    if (durable || this.#queue.length === 1 || this.#queue.length >= auditRowsPerAppend) this.#wake.resolve();
    return true;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted || this.#queue.length > 0) {
      if (this.#queue.length === 0) await this.#wake.promise;
      this.#wake = Promise.withResolvers<void>();
      const isBatch = !this.#isUrgent && this.#queue.length < auditRowsPerAppend && !signal.aborted;
      if (isBatch) await this.#company();
      this.#isUrgent = false;
      if (this.#queue.length > 0 && !(await this.#write())) return;
    }
  }

  /** Waits for more rows, or until one is urgent. */
  async #company(): Promise<void> {
    const enough = new AbortController();
    const stop = AbortSignal.any([enough.signal, this.#stopping.signal]);
    await Promise.race([this.#clock.sleep(auditBatchMs, stop).catch(() => {}), this.#wake.promise]);
    enough.abort();
  }

  /** Writes the head of the queue until it is durable; false if stopping cuts it off. */
  async #write(): Promise<boolean> {
    const batch = this.#queue.slice(0, auditRowsPerAppend);
    const entries = batch.map(({ entry }) => entry);
    if (this.#lost > 0) entries.push(this.#lossEntry());
    const { chain, configHash: cfg } = this.#options;
    let end = this.#end;
    const records = entries.map((entry) => {
      const row = chained(entry, end, { chain, cfg });
      end = { n: row.n, hash: row.hash };
      return { key: chain, value: encodeRecord({ v: 1, kind: 'audit', chain, n: row.n }, bytesOf(canonical(row))) };
    });
    while (!(await this.#append(records))) {
      if (this.#stopping.signal.aborted) return false;
      await this.#clock.sleep(auditRetryMs, this.#stopping.signal).catch(() => {});
    }
    this.#end = end;
    this.#rows += records.length;
    this.#queue.splice(0, batch.length);
    for (const { durable } of batch) durable?.resolve();
    return true;
  }

  async #append(records: Parameters<StreamLog['append']>[1]): Promise<boolean> {
    try {
      await this.#log.append('audit', records, { lane: 'control' });
      this.#isDown = false;
      return true;
    } catch (error) {
      if (!(error instanceof LogUnavailableError)) throw error;
      this.#isDown = true;
      return false;
    }
  }

  #lossEntry(): Waiting['entry'] {
    const lost = this.#lost;
    this.#lost = 0;
    return {
      at: toInstant(this.#clock.wall()),
      actor: { kind: 'system', id: this.#options.chain, mfa: false },
      act: 'audit.rows-lost',
      obj: { kind: 'rows', id: String(lost), patient: null },
      out: 'failed',
      why: 'queue-full',
      from: 'api',
      body: null,
    };
  }

  /** Writes what waits, once; what the log does not take in time is not written. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('the audit trail is stopping'));
    this.#wake.resolve();
    await endsWithin(this.#clock, stopWithinMs, this.#running);
  }
}

/** Opens the trail where the log says that the chain ends. */
export async function openTrail(options: TrailOptions, log: StreamLog, clock: Clock): Promise<AuditTrail> {
  return new AuditTrail(options, await readEnd(options, log), log, clock);
}

/** The newest row of the chain, looked for from the end of the log backwards. */
async function readEnd({ installation, chain }: TrailOptions, log: StreamLog): Promise<ChainEnd> {
  const { low, high } = await log.bounds('audit', 0);
  for (let span = 1_000, from = high; from > low; span *= 4) {
    from = Math.max(low, high - span);
    const found = await newestRow(chain, log, from, high);
    if (found) return found;
  }
  return chainRoot(installation, chain);
}

async function newestRow(chain: string, log: StreamLog, from: Position, to: Position): Promise<ChainEnd | undefined> {
  let newest: ChainEnd | undefined;
  for await (const { records, next } of log.read('audit', 0, from, { signal: new AbortController().signal })) {
    for (const { value } of records) {
      const row = readRow(value)?.row;
      if (row?.chain === chain && row.n > (newest?.n ?? 0)) newest = { n: row.n, hash: row.hash };
    }
    if (next >= to) break;
  }
  return newest;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
