// Route of a day's file. Class C. Invariants: a day is one of the patient's place, however long its clocks make it; who may
// not read the readings one by one gets no file of them; each file is a row of the audit trail. On failure: before the first
// piece a problem, after it a download that breaks off.
import { Readable } from 'node:stream';
import { apiPath, earliestTakenAt, routes } from '../../contract/index.ts';
import type { ApiContext, App } from '../context.ts';
import { dayFile } from '../day/day-file.ts';
import { localDay, openZone } from '../day/local-day.ts';
import { DeadlineError, openDeadline } from '../deadline.ts';
import { ProblemError } from '../errors.ts';
import type { TextWriter } from '../jobs/text-writer.ts';
import { exportsAtOnceMax, exportWithinMs } from '../limits.ts';
import { about, clinical, patientOf } from './shared.ts';

const csvType = 'text/csv; charset=utf-8; header=present';

/** Every reading of a day as comma-separated values. */
export function addDayFile(app: App, context: ApiContext, texts: TextWriter): void {
  const { store, clock } = context.ports;
  let open = 0;

  app.get(
    `${apiPath}/patients/:id/export.csv`,
    {
      schema: routes['GET /patients/{id}/export.csv'],
      config: { who: clinical, act: 'values.export' },
    },
    async (request, reply) => {
      const { body } = patientOf(context, request.params.id);
      about(request, 'patient', body.id, body.id);
      const { date, zone: asked = body.zone } = request.query;
      const { zone, spans } = dayOf(date, asked);
      if (open >= exportsAtOnceMax) throw new ProblemError('rate', 'other files are being written', { retryAfterS: 5 });
      open++;
      using limit = openDeadline(clock, exportWithinMs);
      try {
        const file = dayFile({ store, clock, texts }, { patient: body, zone, spans });
        const first = await file.next();
        const pieces = Readable.from(pieced(first, file), { objectMode: false });
        limit.signal.addEventListener('abort', () => pieces.destroy(new DeadlineError(exportWithinMs)), { once: true });
        reply.type(csvType).header('content-disposition', `attachment; filename="vigil-${body.id}-${date}.csv"`);
        // Resolves when the last byte is taken: so long it counts as open.
        return await reply.send(pieces as never);
      } finally {
        open--;
      }
    },
  );
}

function dayOf(date: string, name: string) {
  const zone = openZone(name);
  if (!zone)
    throw new ProblemError('invalid', 'there is no such time zone', {
      errors: [{ path: 'zone', code: 'zone', message: 'expected an IANA time zone' }],
    });
  if (date < new Date(earliestTakenAt).toISOString().slice(0, 10))
    throw new ProblemError('invalid', 'no reading is as old as that');
  const spans = localDay(date, zone);
  if (spans.length === 0) throw new ProblemError('invalid', 'the calendar of this zone leaves this day out');
  return { zone: zone.name, spans };
}

async function* pieced(first: IteratorResult<Uint8Array>, rest: AsyncIterable<Uint8Array>) {
  if (first.done) return;
  yield first.value;
  yield* rest;
}
