// Routes of values. Class C. Invariants: a current value comes from memory, never from a query; history has its gaps. On
// failure: the store's silence is an answer after 10 s, and holds up no alert and no current value.
import { z } from 'zod';
import {
  apiPath,
  type Clock,
  freshnessOf,
  Id,
  LEADS,
  type ReadingKey,
  type RuleSet,
  routes,
  toInstant,
  VITALS,
  type Vital,
} from '../../contract/index.ts';
import type { ApiContext, App } from '../context.ts';
import { openDeadline, orAbort } from '../deadline.ts';
import { ProblemError } from '../errors.ts';
import { TextWriter } from '../jobs/text-writer.ts';
import { heldPoint } from '../latest-values.ts';
import {
  readingsSpanMaxMs,
  seriesRowsMax,
  storeQueryWithinMs,
  waveformBlocksMax,
  waveformSpanMaxMs,
} from '../limits.ts';
import { blockOf, waveformView } from '../live/wave.ts';
import { readingView } from '../measurement.ts';
import { monitoringView } from '../monitoring-board.ts';
import { measurementsOf, patientView } from '../views.ts';
import { addDayFile } from './day-file.ts';
import { about, clinical, patientOf, spanOf } from './shared.ts';

const waveformType = 'application/vnd.vigil.waveform';

/** Values: the newest from memory, history from the store. */
export function addReadingRoutes(app: App, context: ApiContext): void {
  const texts = new TextWriter();
  app.addHook('onClose', () => texts[Symbol.asyncDispose]());
  addLatest(app, context);
  addReadings(app, context);
  addSeries(app, context, texts);
  addWaveforms(app, context);
  addDayFile(app, context, texts);
}

/** A question to the store, which ends in time. */
async function ask<T>(clock: Clock, question: (options: { readonly signal: AbortSignal }) => Promise<T>): Promise<T> {
  using limit = openDeadline(clock, storeQueryWithinMs);
  const { signal } = limit;
  return await orAbort(question({ signal }), signal);
}

function addLatest(app: App, context: ApiContext): void {
  const { projection } = context;

  app.get(
    `${apiPath}/patients/:id/latest`,
    {
      schema: routes['GET /patients/{id}/latest'],
      config: { who: clinical, act: 'values.latest' },
    },
    (request) => {
      const { id } = patientOf(context, request.params.id).body;
      about(request, 'patient', id, id);
      return {
        patient: patientView(projection, id),
        asOf: toInstant(projection.time.now()),
        monitoring: monitoringView(projection.stateOf(id)),
        measurements: measurementsOf(projection, id),
      };
    },
  );
}

function addReadings(app: App, context: ApiContext): void {
  const { projection, ports } = context;
  const { store, clock } = ports;

  app.get(
    `${apiPath}/patients/:id/readings`,
    {
      schema: routes['GET /patients/{id}/readings'],
      config: { who: clinical, act: 'values.readings' },
    },
    async (request) => {
      const { id } = patientOf(context, request.params.id).body;
      about(request, 'patient', id, id);
      const { limit, cursor } = request.query;
      const query = { patient: id, vital: VITALS[request.query.vital].code, newestFirst: true, limit: limit + 1 };
      const wanted = {
        ...query,
        ...spanOf(request.query, readingsSpanMaxMs),
        ...(cursor !== undefined && { after: keyOfCursor(cursor) }),
      };
      const points = await ask(clock, (options) => store.range(wanted, options));
      const page = points.slice(0, limit);
      const items = page.flatMap((point) => {
        const held = heldPoint(point);
        return held ? readingView(held, projection.registry.binding(id, held.device, held.effectiveAt)) : [];
      });
      const last = page.at(-1);
      return { items, next: last && points.length > limit ? cursorOf(last) : null };
    },
  );
}

/** Names the last reading of a page whole: several may have one time. */
function cursorOf({ effectiveAt, device, boot, seq }: ReadingKey): string {
  return Buffer.from(JSON.stringify([effectiveAt, device, boot, seq])).toString('base64url');
}

const count = z.int().min(0);
const CursorKey = z.tuple([count.max(Date.UTC(9999, 0)), Id, count.max(2_147_483_647), count]);

function keyOfCursor(cursor: string): ReadingKey {
  const { success, data } = CursorKey.safeParse(jsonOf(Buffer.from(cursor, 'base64url').toString()));
  if (!success) throw new ProblemError('cursor', 'this cursor leads nowhere');
  const [effectiveAt, device, boot, seq] = data;
  return { effectiveAt, device, boot, seq };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function addSeries(app: App, context: ApiContext, texts: TextWriter): void {
  const { projection, ports } = context;
  const { store, clock } = ports;

  app.get(
    `${apiPath}/patients/:id/series`,
    {
      schema: routes['GET /patients/{id}/series'],
      config: { who: clinical, act: 'values.series' },
    },
    async (request, reply) => {
      const { id } = patientOf(context, request.params.id).body;
      about(request, 'patient', id, id);
      const { bucketMs } = request.query;
      const { from, to } = spanOf(request.query, Number.MAX_SAFE_INTEGER);
      if ((to - from) / bucketMs > seriesRowsMax)
        throw new ProblemError('too-long', `at most ${seriesRowsMax} buckets at once`);
      const { unit, code } = VITALS[request.query.vital];
      const gapMs = freshnessOf(request.query.vital).freshForMs;
      const query = { patient: id, vital: code, from, to, bucketMs, gapMs };
      const limits = limitsOf(request.query.vital, projection.registry.all('rules')[0]?.body);
      const text = await ask(clock, async (options) => {
        const { buckets, gaps } = await store.series(query, options);
        const rows = buckets.n.length + gaps.from.length;
        return texts.write(
          'series',
          { vital: request.query.vital, from, unit, limits, buckets, gaps },
          { rows, ...options },
        );
      });
      // Text of our own making, held against its schema by the tests: checking thousands of rows again would hold up
      // whoever shares this loop.
      return reply.type('application/json; charset=utf-8').send(Buffer.from(text.buffer) as never);
    },
  );
}

function addWaveforms(app: App, context: ApiContext): void {
  const { store, clock } = context.ports;

  app.get(
    `${apiPath}/patients/:id/waveforms`,
    {
      schema: routes['GET /patients/{id}/waveforms'],
      config: { who: clinical, act: 'values.waveforms' },
    },
    async (request, reply) => {
      const { id } = patientOf(context, request.params.id).body;
      about(request, 'patient', id, id);
      const { from, to } = spanOf(request.query, waveformSpanMaxMs);
      const query = { patient: id, lead: LEADS[request.query.lead], from, to };
      const found = await ask(clock, (options) => store.waveform(query, options));
      const blocks = found.slice(0, waveformBlocksMax);
      if (request.headers.accept === waveformType) {
        const bytes = Buffer.concat(blocks.flatMap(({ block }) => [lengthOf(block), block]));
        // Bytes pass by the schema of the JSON answer.
        return reply.type(waveformType).send(bytes as never);
      }
      let previous: ReturnType<typeof blockOf>;
      const items = blocks.flatMap(({ device, block: sent }) => {
        const block = blockOf(sent);
        if (!block) return [];
        const view = waveformView(block, device, previous);
        previous = block;
        return view;
      });
      return { items };
    },
  );
}

/** Limits of the rules in force that the value itself is compared with, in words. */
function limitsOf(name: Vital, rules: RuleSet | undefined) {
  const thresholds = (rules?.rules ?? []).filter((rule) => rule.kind === 'threshold');
  const looking = thresholds.filter((rule) => rule.enabled && rule.vitals.includes(name));
  return looking.map(({ id, priority, below, atOrBelow, above, atOrAbove }) => ({
    rule: id,
    priority,
    limit: below ? `< ${below}` : atOrBelow ? `<= ${atOrBelow}` : above ? `> ${above}` : `>= ${atOrAbove ?? ''}`,
  }));
}

function lengthOf(block: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(block.length);
  return length;
}
