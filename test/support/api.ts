// The api over a log in memory and a double of the store, with somebody who plays the engine: ticks, states and alert events
// as `alerting` would write them.
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiOptions, type RunningApi, startApi } from '../../api/index.ts';
import { csrfOf, hashOf } from '../../api/sessions.ts';
import {
  type Alert,
  type AlertEvent,
  type Clock,
  encodeInput,
  encodeRecord,
  type Monitoring,
  type NumericPoint,
  type Random,
  type RangeQuery,
  type ReadingKey,
  RuleSet,
  type StreamLog,
  senderHeader,
  type TimeSeriesStore,
  type UserRole,
} from '../../contract/index.ts';
import { pointColumns } from '../../ingest/store/columns.ts';
import { undeclared } from './declared.ts';
import { MemoryLog } from './memory-log.ts';

export const rules = RuleSet.parse({
  id: 'adult',
  version: 1,
  title: 'Adults',
  rules: [
    {
      id: 'spo2-very-low',
      version: 1,
      family: 'spo2-low',
      rank: 20,
      priority: 'high',
      latching: true,
      kind: 'threshold',
      vitals: ['spo2'],
      atOrBelow: '88 %',
      deadband: 2,
      holdMs: 15_000,
      recoverMs: 15_000,
      source: 'a test',
    },
  ],
});

/** Real time, with a wall clock and a speed that a test can change: at speed 20 a second of waiting takes 50 ms. */
export class TestClock implements Clock {
  wallOffsetMs = 0;
  monoOffsetMs = 0;
  readonly speed: number;
  readonly #began = performance.now();
  readonly #wall = Date.now();

  constructor(speed = 1) {
    this.speed = speed;
  }
  wall(): number {
    return Math.round(this.#wall + this.#elapsed() + this.wallOffsetMs + this.monoOffsetMs);
  }
  mono(): number {
    return 1_000_000 + this.#elapsed() + this.monoOffsetMs;
  }
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await sleep(Math.max(0, ms / this.speed), undefined, signal && { signal });
  }
  /** Time passes for whoever looks at the clock; sleepers sleep on. */
  advance(ms: number): void {
    this.monoOffsetMs += ms;
  }
  #elapsed(): number {
    return (performance.now() - this.#began) * this.speed;
  }
}

/** Chance from a counter: different each time, the same in each run. */
export function countingRandom(seed = 1): Random {
  let state = seed;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return { next, bytes: (n) => Uint8Array.from({ length: n }, () => Math.floor(next() * 256)) };
}

/** A double of the store: gives what a test put in, and can refuse or never answer. */
export class DoubleStore implements TimeSeriesStore {
  readonly points = new Map<string, NumericPoint[]>();
  held: number[] = [0];
  mode: 'ok' | 'failing' | 'silent' = 'ok';

  async #answer<T>(value: T): Promise<T> {
    if (this.mode === 'silent') await new Promise(() => {});
    if (this.mode === 'failing') throw new Error('the double fails');
    return await Promise.resolve(value);
  }
  write() {
    return this.#answer({ written: 0, copies: 0, conflicts: [] });
  }
  positions() {
    return this.#answer(this.held);
  }
  latest(patient: string) {
    return this.#answer(this.points.get(patient) ?? []);
  }
  range({ patient, vital, from, to, limit, newestFirst = false, after }: RangeQuery) {
    const all = (this.points.get(patient) ?? []).toSorted(byKey);
    const inSpan = all.filter(
      (p) => (vital === undefined || p.vital === vital) && p.effectiveAt >= from && p.effectiveAt < to,
    );
    const ordered = newestFirst ? inSpan.reverse() : inSpan;
    const follows = (p: NumericPoint) => !after || (newestFirst ? byKey(p, after) < 0 : byKey(p, after) > 0);
    return this.#answer(ordered.filter(follows).slice(0, limit));
  }
  async rangeColumns(query: RangeQuery) {
    return pointColumns(await this.range(query));
  }
  series({ from, to }: Parameters<TimeSeriesStore['series']>[0]) {
    const of = (value: number) => Float64Array.of(value);
    return this.#answer({
      buckets: { at: of(from), min: of(90.4), max: of(97), mean: of(95.123), n: of(3) },
      gaps: { from: Float64Array.of(from + 1_000), to: Float64Array.of(to) },
    });
  }
  blocks: { readonly device: string; readonly block: Uint8Array }[] = [];
  waveform() {
    return this.#answer(this.blocks);
  }
  count() {
    return this.#answer({ numerics: 0, waveforms: 0 });
  }
  async [Symbol.asyncDispose](): Promise<void> {}
}

/** Order of the port; ids are ASCII. */
function byKey(a: ReadingKey, b: ReadingKey): number {
  const names = a.device < b.device ? -1 : Number(a.device > b.device);
  return a.effectiveAt - b.effectiveAt || names || a.boot - b.boot || a.seq - b.seq;
}

/** Plays the engine on a log: what it writes stands in `inputs` and `alerts` as the real one's would. */
export class FakeEngine {
  readonly #log: StreamLog;
  readonly #clock: Clock;
  epoch = 1;
  #n = 0;

  constructor(log: StreamLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  async tick(partition = 0, utc = this.#clock.wall()): Promise<void> {
    const body = { n: this.#n++, epoch: this.epoch, log: utc, mono: this.#clock.mono(), utc };
    const value = encodeInput({ v: 1, kind: 'tick' }, body);
    await this.#log.append('inputs', [{ key: 'system', partition, value }], { lane: 'control' });
  }

  /** Ticks each half second of the clock until disposed. */
  run(): AsyncDisposable {
    const stopping = new AbortController();
    const ticking = (async () => {
      while (!stopping.signal.aborted) {
        for (let p = 0; p < this.#log.partitions('inputs'); p++) await this.tick(p).catch(() => {});
        await this.#clock.sleep(500, stopping.signal).catch(() => {});
      }
    })();
    return {
      async [Symbol.asyncDispose]() {
        stopping.abort();
        await ticking;
      },
    };
  }

  async blind(fromUtc: number, toUtc: number, cause: 'restart' | 'log-down' = 'restart'): Promise<void> {
    const body = { epoch: this.epoch, fromLog: fromUtc, toLog: toUtc, fromUtc, toUtc, cause };
    const value = encodeInput({ v: 1, kind: 'blind' }, body);
    await this.#log.append('inputs', [{ key: 'system', partition: 0, value }], { lane: 'control' });
  }

  async monitoring(change: Omit<Monitoring, 'at' | 'since'> & { at?: number; since?: number }): Promise<void> {
    const at = change.at ?? this.#clock.wall();
    const { patient, signal, source, state, cause, since = at } = change;
    await this.#write('monitoring', { at, patient, signal, source, state, cause, since });
  }

  async event(event: AlertEvent): Promise<void> {
    await this.#write('alert', event);
  }

  async #write(kind: 'alert' | 'monitoring', body: object): Promise<void> {
    const { epoch } = this;
    const writtenAt = this.#clock.wall();
    const header = { v: 1, kind, partition: 0, epoch, input: 0, build: 'test', config: 'test', writtenAt };
    await this.#log.append('alerts', [{ key: 'p', value: encodeRecord(header, body) }], { lane: 'control' });
  }

  /** Answers each acknowledgement that comes in, as the engine would: taken, or refused for the reason given. */
  answer(alertOf: (id: string) => Alert, refused: AlertEvent['refused'] = null): AsyncDisposable {
    const stopping = new AbortController();
    const answering = (async () => {
      const { high } = await this.#log.bounds('inputs', 0);
      for await (const batch of this.#log.read('inputs', 0, high, { signal: stopping.signal }))
        for (const { value } of batch.records) {
          const [header = '', body = ''] = new TextDecoder().decode(value).split('\n');
          const { kind, by, at } = JSON.parse(header) as { kind: string; by: string; at: number };
          if (kind !== 'acknowledge') continue;
          const { requestId, alert: id } = JSON.parse(body) as { requestId: string; alert: string };
          const alert = alertOf(id);
          const taken: Alert = {
            ...alert,
            revision: alert.revision + 1,
            state: 'acknowledged',
            acknowledged: { by, at, verdict: null, until: at + 300_000 },
          };
          const type = refused ? 'ack-refused' : 'acknowledged';
          const event = `e-${requestId}`;
          await this.event({
            event,
            n: alert.revision + 1,
            type,
            at,
            requestId,
            by,
            refused,
            alert: refused ? alert : taken,
          });
        }
    })();
    return {
      async [Symbol.asyncDispose]() {
        stopping.abort();
        await answering;
      },
    };
  }
}

/** An alert of SpO2 as the engine raises it. */
export function spo2Alert(patient: string | null, change: Partial<Alert> = {}, at = Date.now()): Alert {
  const reading = {
    device: 'd-ox',
    boot: 1,
    seq: 9,
    vital: 'spo2',
    value: 86,
    unit: '%',
    quality: 'good' as const,
    takenAt: at,
    receivedAt: at,
    acceptedAt: at,
    clock: 'synced' as const,
  };
  return {
    id: 'a-1',
    revision: 1,
    patient,
    kind: 'physiological',
    family: 'spo2-low',
    scope: 'patient',
    state: 'active',
    priority: 'high',
    signalPriority: 'high',
    peak: 'high',
    floor: false,
    flags: [],
    onsetAt: at,
    raisedAt: at,
    rules: [
      { id: 'spo2-very-low', version: 1, priority: 'high', onsetAt: at, limit: '<= 88 %', layer: 'product', reading },
    ],
    acknowledged: null,
    paused: null,
    responsible: null,
    escalation: null,
    cause: null,
    closedAt: null,
    closedWhy: null,
    evidence: { ruleSet: 'adult/1', readings: [reading], omitted: 0 },
    ...change,
  };
}

export function raisedEvent(alert: Alert, change: Partial<AlertEvent> = {}): AlertEvent {
  const n = alert.revision;
  const event = `e-${alert.id}-${n}`;
  return { event, n, type: 'raised', at: alert.raisedAt, requestId: null, by: null, refused: null, alert, ...change };
}

export interface TestApi extends AsyncDisposable {
  readonly api: RunningApi;
  readonly log: StreamLog;
  readonly memory: MemoryLog;
  readonly store: DoubleStore;
  readonly clock: TestClock;
  readonly engine: FakeEngine;
  readonly announced: string[];
  /** Signs in with a new link. */
  signIn(): Promise<TestSession>;
}

export interface TestApiSetup {
  readonly memory?: MemoryLog;
  readonly log?: StreamLog;
  readonly store?: DoubleStore;
  readonly clock?: TestClock;
  readonly options?: Partial<ApiOptions>;
  readonly seed?: number;
}

export async function startTestApi(setup: TestApiSetup = {}): Promise<TestApi> {
  const { memory = new MemoryLog(), store = new DoubleStore(), clock = new TestClock(), seed = 1 } = setup;
  const log = setup.log ?? memory;
  const announced: string[] = [];
  const options: ApiOptions = {
    realm: 'test',
    httpHost: '127.0.0.1',
    httpPort: 0,
    rules,
    version: '0.1.0',
    configHash: 'c0ffee',
    installation: 'installation-1',
    ...setup.options,
  };
  const random = countingRandom(seed);
  const announce = (level: string, message: string) => void announced.push(`${level} ${message}`);
  const api = await startApi(options, {
    log,
    store,
    clock,
    random,
    announce,
    fatal: (error) => announced.push(`FATAL ${error}`),
  });
  return {
    api,
    log,
    memory,
    store,
    clock,
    announced,
    engine: new FakeEngine(memory, clock),
    signIn: async () => signInWith(api.url, await api.signInLink()),
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever came
  readonly body: any;
  readonly text: string;
}

export interface Call {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly socketPath?: string;
}

/** One HTTP request. */
export async function call(
  url: string,
  method: string,
  path: string,
  { headers = {}, body: asked, socketPath }: Call = {},
): Promise<Answer> {
  const text = asked === undefined ? undefined : JSON.stringify(asked);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const type =
      text === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) };
    const options = { method, headers: { ...type, ...headers }, agent: false };
    const where = new URL(path, url);
    const sent = socketPath
      ? httpRequest({ socketPath, path, ...options }, resolve)
      : httpRequest(where, options, resolve);
    sent.on('error', reject);
    sent.end(text);
  });
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const answered = Buffer.concat(chunks).toString('utf8');
  const type = String(response.headers['content-type']);
  const body = type.includes('json') ? JSON.parse(answered) : null;
  const status = response.statusCode ?? 0;
  // Whatever a test asks for: the document of the API is true.
  const wrong = undeclared(method, path, { status, type, body });
  if (wrong !== undefined) throw new Error(wrong);
  return { status, headers: response.headers, body, text: answered };
}

export interface TestSession {
  readonly cookie: string;
  readonly csrf: string;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  stream(query?: string, headers?: Record<string, string>): Promise<EventStream>;
}

export async function signInWith(url: string, link: string): Promise<TestSession> {
  const token = link.split('#link=')[1] ?? '';
  const opened = await call(url, 'POST', '/api/v1/session', { body: { link: token } });
  if (opened.status !== 200) throw new Error(`sign-in: ${opened.status} ${opened.text}`);
  const cookie = String(opened.headers['set-cookie']).split(';')[0] ?? '';
  const { body } = await call(url, 'GET', '/api/v1/session', { headers: { cookie } });
  return sessionOf(url, cookie, String(body.csrf));
}

function sessionOf(url: string, cookie: string, csrf: string): TestSession {
  const under = (path: string) => (path.startsWith('/api') ? path : `/api/v1${path}`);
  return {
    cookie,
    csrf,
    get: (path, headers = {}) => call(url, 'GET', under(path), { headers: { cookie, ...headers } }),
    send: (method, path, sent, headers = {}) =>
      call(url, method, under(path), { body: sent, headers: { cookie, 'vigil-csrf': csrf, ...headers } }),
    stream: (query = '', headers = {}) => openStream(url, `/api/v1/stream${query}`, { cookie, ...headers }),
  };
}

export interface StreamEvent {
  readonly event: string;
  readonly id: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever came
  readonly data: any;
}

/** A live stream as a client reads it; events in order. */
export interface EventStream extends AsyncDisposable {
  readonly status: number;
  readonly events: StreamEvent[];
  readonly response: IncomingMessage;
  readonly closed: Promise<void>;
  /** The first event that fits, now or when it comes. */
  find(is: (event: StreamEvent) => boolean, withinMs?: number): Promise<StreamEvent>;
}

export async function openStream(url: string, path: string, headers: Record<string, string>): Promise<EventStream> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const sent = httpRequest(new URL(path, url), { headers, agent: false }, resolve);
  sent.on('error', reject);
  sent.end();
  const response = await promise;
  const events: StreamEvent[] = [];
  let rest = '';
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    const frames = (rest + chunk).split('\n\n');
    rest = frames.pop() ?? '';
    for (const frame of frames) events.push(parseFrame(frame));
  });
  const closed = new Promise<void>((done) => response.on('close', () => done()));
  response.on('error', () => {});
  return {
    status: response.statusCode ?? 0,
    events,
    response,
    closed,
    find: (is, withinMs = 20_000) => until(() => events.find(is), withinMs),
    async [Symbol.asyncDispose]() {
      response.destroy();
      sent.destroy();
      await closed;
    },
  };
}

function parseFrame(frame: string): StreamEvent {
  const field = (name: string) =>
    frame
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2);
  return { event: field('event') ?? '', id: field('id'), data: JSON.parse(field('data') ?? 'null') };
}

/** Waits until there is something; generous, since the machine is shared. */
export async function until<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms`);
    await sleep(10);
  }
}

/** A patient, a device and an assignment made through the API; gives their ids. */
export async function admit(session: TestSession, mrn = 'M-1', name = 'DOE, Jane') {
  const patient = await session.send('POST', '/patients', {
    mrn,
    name,
    birthDate: '1950-02-11',
    unit: 'w-1',
    bed: 'Bed 1',
  });
  if (patient.status !== 201) throw new Error(`admit: ${patient.text}`);
  const device = await session.send('POST', '/devices', { name: 'clip', signals: [{ vital: 'spo2' }, { lead: 'II' }] });
  const assignment = await session.send('POST', '/assignments', {
    patient: patient.body.id,
    device: device.body.device.id,
  });
  if (assignment.status !== 201) throw new Error(`assign: ${assignment.text}`);
  return {
    patient: String(patient.body.id),
    device: String(device.body.device.id),
    token: String(device.body.token),
    assignment: String(assignment.body.id),
  };
}

export interface SentReading {
  readonly patient: string;
  readonly device: string;
  readonly value?: number;
  readonly absent?: 'no-contact';
  readonly quality?: 'good' | 'doubtful' | 'bad';
  readonly takenAt: number;
  readonly seq: number;
  readonly lane?: 'live' | 'late';
}

/** A reading as ingest appends it. */
export async function appendReading(log: StreamLog, reading: SentReading): Promise<void> {
  const { patient, device, value, absent, quality = 'good', takenAt, seq, lane = 'live' } = reading;
  const header = senderHeader('readings', {
    patient,
    device,
    assignment: 'as-1',
    sender: device,
    lane,
    acceptedAt: takenAt,
  });
  const what = absent ? { absent } : { value };
  const times = { takenAt, receivedAt: takenAt, clock: 'synced' };
  const body = { v: 1, boot: 1, seq, vital: 'spo2', ...what, unit: '%', quality: absent ? 'bad' : quality, ...times };
  await log.append('inputs', [{ key: patient, value: encodeRecord(header, body) }], { lane: 'data' });
}

/** A session of a user with these roles, put into the log as if somebody had signed in. */
export async function sessionAs(test: TestApi, id: string, roles: readonly UserRole[]): Promise<TestSession> {
  const at = test.clock.wall();
  const user = { id, name: id, roles };
  const header = { v: 1, kind: 'user', id, revision: 1, by: 'test', at };
  await test.memory.append('registry', [{ key: `user/${id}`, value: encodeRecord(header, user) }], { lane: 'control' });
  const secret = `secret-of-${id}`;
  const state = { user: id, createdAt: at, expiresAt: at + 3_600_000 };
  const value = encodeRecord({ v: 1, kind: 'session', at }, state);
  await test.memory.append('sessions', [{ key: `session/${hashOf(secret)}`, value }], { lane: 'control' });
  const session = sessionOf(test.api.url, `vigil_test=${secret}`, csrfOf(secret));
  await until(async () => (await session.get('/session')).status === 200);
  return session;
}
