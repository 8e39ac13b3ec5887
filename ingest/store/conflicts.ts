// Identity conflicts (`records.md` 3): the bytes that lost go to `refused`, and a `system` record says so, at most one a
// device and minute, with the number since the last. Tried until the log has both; what was refused is never only counted.
import {
  type Announce,
  type Clock,
  decodeInput,
  elementsOf,
  encodeRecord,
  type IdentityConflict,
  type LogRecord,
  type Position,
  PositionOutsideLogError,
  type RefusedHeader,
  recordBytesMax,
  type StreamLog,
} from '../../contract/index.ts';
import { conflictDevicesMax, conflictFactEveryMs, retryMsFirst, retryMsLast } from './limits.ts';
import { hashOf } from './rows.ts';
import { tellSystem } from './system-fact.ts';

export interface ConflictPorts {
  readonly log: StreamLog;
  readonly clock: Clock;
  readonly announce: Announce;
}

/** Room for the header of `refused`: its texts are bounded. */
const refusedHeaderBytesMax = 1_024;

export class ConflictReporter {
  readonly #ports: ConflictPorts;
  readonly #signal: AbortSignal;
  /** Per device: when it was last told, and how many came since. */
  readonly #told = new Map<string, { readonly at: number; untold: number }>();

  constructor(ports: ConflictPorts, signal: AbortSignal) {
    this.#ports = ports;
    this.#signal = signal;
  }

  /** Resolves when all are in the log; rejects only when the writer stops. */
  async report(conflicts: readonly IdentityConflict[]): Promise<void> {
    for (const conflict of conflicts) {
      const refused = await this.#untilDone(() => this.#refuse(conflict));
      await this.#untilDone(() => this.#tell(conflict, refused));
    }
  }

  /** Appends the refused bytes; position in `refused`, or null if the record is gone from the log. */
  async #refuse(conflict: IdentityConflict): Promise<Position | null> {
    const record = await this.#recordAt(conflict.partition, conflict.position);
    const value = record && refusedValue(record, conflict);
    if (!record || !value) {
      this.#ports.announce('error', 'store: the record of an identity conflict cannot be read again');
      return null;
    }
    const [position = null] = await this.#ports.log.append('refused', [value], { lane: 'data' });
    return position;
  }

  async #tell({ device, boot, seq, lead }: IdentityConflict, refused: Position | null): Promise<void> {
    const { log, clock } = this.#ports;
    const now = clock.mono();
    const told = this.#told.get(device);
    if (told && now - told.at < conflictFactEveryMs) {
      told.untold++;
      return;
    }
    const detail = { device, boot, seq, lead, refused, untold: told?.untold ?? 0 };
    await tellSystem({ log, clock }, { fact: 'identity-conflict', on: true, since: clock.wall(), detail });
    this.#told.delete(device);
    this.#told.set(device, { at: now, untold: 0 });
    const oldest = this.#told.keys().next();
    if (this.#told.size > conflictDevicesMax && !oldest.done) this.#told.delete(oldest.value);
  }

  /** Undefined if the log no longer has it. */
  async #recordAt(partition: number, position: Position): Promise<LogRecord | undefined> {
    const options = { signal: this.#signal, maxRecords: 1 };
    try {
      for await (const batch of this.#ports.log.read('inputs', partition, position, options))
        return batch.records.find((record) => record.position === position);
    } catch (error) {
      if (!(error instanceof PositionOutsideLogError)) throw error;
    }
    return undefined;
  }

  async #untilDone<T>(work: () => Promise<T>): Promise<T> {
    for (let waitMs = retryMsFirst; ; waitMs = Math.min(2 * waitMs, retryMsLast)) {
      try {
        return await work();
      } catch (error) {
        this.#signal.throwIfAborted();
        if (waitMs === retryMsFirst)
          this.#ports.announce('warning', `store: an identity conflict cannot be told yet: ${messageOf(error)}`);
        await this.#ports.clock.sleep(waitMs, this.#signal);
      }
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What goes to `refused`: the element whose hash was refused, whole, or its first bytes if it does not fit a record. */
function refusedValue(record: LogRecord, conflict: IdentityConflict): { key: string; value: Uint8Array } | undefined {
  const input = decodeInput(record.value);
  if (input.kind !== 'readings' && input.kind !== 'waveform') return undefined;
  const elements = input.kind === 'readings' ? elementsOf(input.body) : [input.body];
  const element = elements.find((bytes) => hashOf(bytes) === conflict.hash);
  if (!element) return undefined;
  const { sender, device, acceptedAt } = input.header;
  const header = {
    v: 1,
    kind: 'refused',
    sender,
    device,
    topic: `inputs/${conflict.partition}/${conflict.position}`,
    reason: 'identity-conflict',
    detail: `boot ${conflict.boot}, seq ${conflict.seq}: other bytes than the first with this identity`,
    bytes: element.length,
    acceptedAt,
  } satisfies RefusedHeader;
  const kept = element.subarray(0, recordBytesMax - refusedHeaderBytesMax);
  return { key: sender, value: encodeRecord(header, kept) };
}
