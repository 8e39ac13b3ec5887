// Verifying the audit trail: names the first row that is not what was written, or that is missing (SEC-AUDIT). Rows cut off
// at the end are found by an anchor kept elsewhere, not here.
import {
  AuditHeader,
  AuditRow,
  decodeBody,
  decodeRecord,
  type LogRecord,
  type Position,
  type StreamLog,
} from '../../contract/index.ts';
import { auditCopiesWindow } from '../limits.ts';
import { type ChainEnd, canonical, chainRoot, rowHash } from './chain.ts';

export interface BrokenRow {
  readonly position: Position;
  readonly chain: string | null;
  readonly n: number | null;
  readonly why: 'unreadable' | 'altered' | 'gap' | 'not-linked' | 'not-canonical';
}

export interface AuditVerdict {
  readonly ok: boolean;
  readonly rows: number;
  readonly firstBroken: BrokenRow | null;
  /** Newest row of each chain, to be compared with an anchor. */
  readonly ends: Readonly<Record<string, ChainEnd>>;
}

/** Judges rows one after another. A copy that landed later is no fault: it equals a row that was seen. */
export class ChainVerifier {
  readonly #installation: string;
  readonly #ends = new Map<string, ChainEnd>();
  readonly #seen = new Set<string>();
  #rows = 0;

  constructor(installation: string) {
    this.#installation = installation;
  }

  get rows(): number {
    return this.#rows;
  }
  get ends(): Readonly<Record<string, ChainEnd>> {
    return Object.fromEntries(this.#ends);
  }

  /** What is wrong with the row; undefined if nothing is. */
  take({ position, value }: LogRecord): BrokenRow | undefined {
    const read = readRow(value);
    if (!read) return { position, chain: null, n: null, why: 'unreadable' };
    const { row, text } = read;
    const broken = (why: BrokenRow['why']) => ({ position, chain: row.chain, n: row.n, why });
    const { hash, ...rest } = row;
    if (rowHash(rest) !== hash) return broken('altered');
    if (canonical(row) !== text) return broken('not-canonical');
    if (this.#seen.has(hash)) return undefined;
    const end = this.#ends.get(row.chain) ?? chainRoot(this.#installation, row.chain);
    if (row.n !== end.n + 1) return broken('gap');
    if (row.prev !== end.hash) return broken('not-linked');
    this.#ends.set(row.chain, { n: row.n, hash });
    this.#remember(hash);
    this.#rows++;
    return undefined;
  }

  #remember(hash: string): void {
    this.#seen.add(hash);
    const [oldest] = this.#seen;
    if (this.#seen.size > auditCopiesWindow && oldest !== undefined) this.#seen.delete(oldest);
  }
}

/** The row of a record and its text; undefined for what is none. */
export function readRow(value: Uint8Array): { readonly row: AuditRow; readonly text: string } | undefined {
  try {
    const { header, body } = decodeRecord(value);
    const { chain, n } = AuditHeader.parse(header);
    const row = AuditRow.parse(decodeBody(body));
    return row.chain === chain && row.n === n ? { row, text: new TextDecoder().decode(body) } : undefined;
  } catch {
    return undefined;
  }
}

/** Reads the whole topic and judges it. */
export async function verifyAudit(log: StreamLog, installation: string): Promise<AuditVerdict> {
  const verifier = new ChainVerifier(installation);
  const { low, high } = await log.bounds('audit', 0);
  const verdict = (firstBroken: BrokenRow | null): AuditVerdict => ({
    ok: firstBroken === null,
    rows: verifier.rows,
    firstBroken,
    ends: verifier.ends,
  });
  if (low === high) return verdict(null);
  for await (const { records, next } of log.read('audit', 0, low, { signal: new AbortController().signal })) {
    for (const record of records) {
      const broken = record.position < high ? verifier.take(record) : undefined;
      if (broken) return verdict(broken);
    }
    if (next >= high) break;
  }
  return verdict(null);
}
