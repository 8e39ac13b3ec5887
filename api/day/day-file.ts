// A day of a patient as a file, piece by piece: what is held at once is one piece, however long the day.
//
// Class C. Invariants: pages go by the key of the last reading, so that what comes in meanwhile neither repeats nor hides a
// reading; a piece that cannot be had breaks the file off, which a browser tells as a failed download, never as a short day.
import type { Clock, ReadingKey, TimeSeriesStore } from '../../contract/index.ts';
import { openDeadline, orAbort } from '../deadline.ts';
import type { TextWriter } from '../jobs/text-writer.ts';
import { exportRowsPerPiece, storeQueryWithinMs } from '../limits.ts';
import { type DayRowsAsk, dayHeading } from './day-rows.ts';
import type { Span } from './local-day.ts';

export interface DayFilePorts {
  readonly store: TimeSeriesStore;
  readonly clock: Clock;
  readonly texts: TextWriter;
}

/** UTF-8 of the file. The first piece comes when the store has answered. */
export async function* dayFile(
  ports: DayFilePorts,
  { patient, zone, spans }: Pick<DayRowsAsk, 'patient' | 'zone'> & { readonly spans: readonly Span[] },
): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  for (const span of spans)
    for (let after: ReadingKey | undefined, isMore = true; isMore; ) {
      const piece = await onePiece(ports, { patient, zone, span, after });
      yield isFirst ? Buffer.concat([Buffer.from(dayHeading), piece.text]) : piece.text;
      isFirst = false;
      after = piece.last;
      isMore = piece.rows === exportRowsPerPiece;
    }
}

async function onePiece(
  { store, clock, texts }: DayFilePorts,
  ask: Pick<DayRowsAsk, 'patient' | 'zone'> & { readonly span: Span; readonly after: ReadingKey | undefined },
): Promise<{ readonly text: Uint8Array; readonly rows: number; readonly last: ReadingKey | undefined }> {
  const { patient, zone, span, after } = ask;
  using limit = openDeadline(clock, storeQueryWithinMs);
  const { signal } = limit;
  const query = { patient: patient.id, ...span, limit: exportRowsPerPiece, ...(after && { after }) };
  const columns = await orAbort(store.rangeColumns(query, { signal }), signal);
  const { rows } = columns;
  if (rows === 0) return { text: new Uint8Array(), rows, last: undefined };
  const at = (column: { readonly [row: number]: number }) => column[rows - 1] as number;
  const last = {
    effectiveAt: at(columns.effectiveAt),
    device: columns.devices[at(columns.device)] as string,
    boot: at(columns.boot),
    seq: at(columns.seq),
  };
  return { text: await texts.write('day-rows', { patient, zone, columns }, { rows, signal }), rows, last };
}
