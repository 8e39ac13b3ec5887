// What the patient's screen asks of before: series, alerts and the events of one alert. Asked again while the screen is live;
// what cannot be had leaves the old content with its time, and says why with the request's number.
import { signal } from '@preact/signals';
import { type AlertEventView, createClient, ProblemAnswerError, type Vital } from '../../contract/index.ts';
import { type Stream, serverTime } from './follow.ts';
import { type Lane, laneOf, laneVitals, type Range, ranges, type Span, spanOf } from './trend-data.ts';
import type { AlertView } from './wire.ts';

const withinMs = 12_000;
/** A bucket that grows is asked for again this often, at most and at least. */
const againMs = { least: 10_000, most: 60_000 };
/** The API gives as many; a day with more alerts shows the newest. */
const alertsMax = 200;

export interface Failure {
  /** Null: nobody answered. */
  readonly detail: string | null;
  readonly request: string;
}

export interface Trends {
  readonly range: Range;
  readonly span: Span;
  readonly lanes: readonly Lane[];
  /** Of this patient, open ones too, newest first. */
  readonly alerts: readonly AlertView[];
  /** Server time of the answers, ms. */
  readonly asOf: number;
}

export interface AlertEvents {
  readonly alert: string;
  readonly items: readonly { readonly event: AlertEventView; readonly alert: AlertView }[];
}

const client = createClient();

function failureOf(error: unknown): Failure {
  if (error instanceof ProblemAnswerError) return { detail: error.problem.detail, request: error.problem.request };
  return { detail: null, request: '' };
}

/** Begins to ask; `stop` ends it. */
export function followPast(id: string, stream: Stream) {
  const range = signal<Range>(ranges[1]);
  const trends = signal<Trends | null>(null);
  const failure = signal<Failure | null>(null);
  const events = signal<AlertEvents | null>(null);
  let asking: AbortController | null = null;
  let dueAt = 0;
  let eventsOf = '';

  async function ask(wanted: Range, own: AbortController): Promise<void> {
    const { signal: aborted } = own;
    const options = { signal: aborted, withinMs };
    const serverNow = serverTime(stream.heard.peek(), performance.now());
    const span = spanOf(wanted, serverNow);
    const has =
      stream.heard
        .peek()
        .ward.tiles.get(id)
        ?.value.measurements.map(({ vital }) => vital) ?? [];
    try {
      const lanes: Lane[] = [];
      for (const vital of laneVitals(has) as Vital[]) {
        const query = { vital, bucketMs: wanted.bucketMs, ...instants(span) };
        const { body } = await client.call('GET /patients/{id}/series', { params: { id }, query, ...options });
        lanes.push(laneOf(vital, body, wanted.bucketMs, span));
      }
      const query = { patient: id, state: 'all', limit: alertsMax } as const;
      const { body } = await client.call('GET /alerts', { query, ...options });
      if (aborted.aborted) return;
      trends.value = { range: wanted, span, lanes, alerts: body.items, asOf: serverNow };
      failure.value = null;
    } catch (error) {
      if (aborted.aborted) return;
      failure.value = failureOf(error);
      dueAt = performance.now() + againMs.least;
    }
  }

  function askNow(): void {
    const { link, ward } = stream.heard.peek();
    if (link !== 'live' || !ward.tiles.has(id)) return;
    asking?.abort();
    const own = new AbortController();
    asking = own;
    dueAt = performance.now() + Math.min(againMs.most, Math.max(againMs.least, range.peek().bucketMs));
    void ask(range.peek(), own);
  }

  /** Events of the alert that is shown, again when something happened to it. */
  async function askEvents(alert: AlertView | null): Promise<void> {
    const key = alert === null ? '' : `${alert.id} ${alert.revision} ${alert.state}`;
    if (key === eventsOf) return;
    eventsOf = key;
    if (alert === null) {
      events.value = null;
      return;
    }
    try {
      const { body } = await client.call('GET /alerts/{id}/events', { params: { id: alert.id }, withinMs });
      if (eventsOf === key) events.value = { alert: alert.id, items: body.items };
    } catch {
      // The list stays as it was; the next event of the alert asks again.
      if (eventsOf === key) eventsOf = '';
    }
  }

  const timer = setInterval(() => {
    if (performance.now() >= dueAt) askNow();
  }, 500);
  askNow();
  return {
    range,
    trends,
    failure,
    events,
    askEvents,
    choose(next: Range): void {
      if (next === range.value) return;
      range.value = next;
      askNow();
    },
    stop(): void {
      clearInterval(timer);
      asking?.abort();
    },
  };
}

export type Past = ReturnType<typeof followPast>;

function instants({ fromMs, toMs }: Span) {
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };
}
