// Row `latency` of `performance.md`, the paced part with one client: from writing a publish that breaches to its alert at a
// client of the live stream, 1,000 devices, every 101st reading; alone, with eight readers of the store who ask for a month
// each without a pause, and beside a plain stack. The program is the real one, `vigil up` with all its roles.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createParser } from 'eventsource-parser';
import { type Figure, rounded } from './figure.ts';
import { type BreachOrder, type BreachResult, machineMs } from './peers/breach-client.ts';
import type { ReadersOrder, ReadersResult } from './peers/month-readers.ts';
import type { ServerReady, ServerSetup, ServerUsage } from './peers/server.ts';
import { startVigil } from './peers/vigil-program.ts';

const devices = Array.from({ length: 1_000 }, (_, i) => `d-${i}`);
const token = 'a token of more than 128 bit';
const breachEvery = 101;
/** Tried in this order, until one is carried: nobody is cut off, and 95 % are acknowledged within the measured time. */
const ratesPerSecond = [5_000, 2_500, 1_250, 600, 300] as const;
/** A hospital ward at home: 100 patients, three readings a second each. Leaves the cores room beside eight readers. */
const wardPerSecond = 300;
const settleMs = 2_000;
const warmUpMs = 2_000;
const measureMs = 6_000;
const readers = 8;

/** What one run measured; `lost`: breaches whose alert had not come a second after the end. */
interface Latency extends Omit<BreachResult, 'breaches' | 'pubackP50Ms' | 'pubackP99Ms'> {
  readonly pubackP50Ms: number;
  readonly pubackP99Ms: number;
  readonly alerts: number;
  readonly lost: number;
  readonly alertP50Ms: number;
  readonly alertP99Ms: number;
}

/** The figures. The rate is the highest of those tried that this machine carries; it stands in their names. */
export async function bench(): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'vigil-bench-'));
  try {
    const { ratePerSecond, alone, beside, queries } = await measureVigil(folder);
    const plain = await measurePlain(folder, ratePerSecond);
    return [
      ...figures(`${ratePerSecond}/s`, alone, plain),
      ...beside.flatMap(({ rate, before, loaded }) => underLoad(`${rate}/s`, before, loaded)),
      { name: 'latency heavy readers, answered', value: rounded(queries.answeredPerSecond), unit: 'queries/s' },
      { name: 'latency heavy readers, not in time', value: queries.unanswered, unit: 'queries' },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function figures(name: string, vigil: Latency, plain: Latency): Figure[] {
  const beside = (what: string, unit: string, of: (latency: Latency) => number): Figure => ({
    ...{ name: `latency ${name} ${what}`, value: rounded(of(vigil)), unit },
    ...{ peer: 'plain stack', peerValue: rounded(of(plain)), ratio: rounded(of(vigil) / of(plain)) },
  });
  return [
    beside('alert p50', 'ms', ({ alertP50Ms }) => alertP50Ms),
    beside('alert p99', 'ms', ({ alertP99Ms }) => alertP99Ms),
    beside('PUBACK p50', 'ms', ({ pubackP50Ms }) => pubackP50Ms),
    beside('PUBACK p99', 'ms', ({ pubackP99Ms }) => pubackP99Ms),
    beside('sent', 'readings/s', ({ sent, seconds }) => sent / seconds),
    beside('acknowledged in time', 'readings/s', ({ acknowledged, seconds }) => acknowledged / seconds),
    { name: `latency ${name} alerts`, value: vigil.alerts, unit: 'alerts' },
    {
      name: `latency ${name} alerts missing`,
      value: vigil.lost,
      unit: 'alerts',
      peer: 'plain stack',
      peerValue: plain.lost,
    },
  ];
}

/** What readers of the store cost, beside the same run without them. */
function underLoad(name: string, alone: Latency, loaded: Latency): Figure[] {
  const beside = (what: string, of: (latency: Latency) => number): Figure => ({
    ...{ name: `latency ${name} ${what}, ${readers} heavy readers`, value: rounded(of(loaded)), unit: 'ms' },
    ...{ peer: 'without them', peerValue: rounded(of(alone)), ratio: rounded(of(loaded) / of(alone)) },
  });
  const p99 = beside('alert p99', ({ alertP99Ms }) => alertP99Ms);
  return [
    beside('alert p50', ({ alertP50Ms }) => alertP50Ms),
    { ...p99, bar: '<= 1.5', held: (p99.ratio ?? Number.NaN) <= 1.5 },
    beside('PUBACK p50', ({ pubackP50Ms }) => pubackP50Ms),
    beside('PUBACK p99', ({ pubackP99Ms }) => pubackP99Ms),
  ];
}

async function measureVigil(folder: string) {
  await using vigil = await startVigil(folder, devices, token);
  const cookie = await vigil.signIn();
  await using screen = await openScreen(new URL('/api/v1/stream', vigil.url), { cookie }, (data) =>
    data.event.type === 'raised' ? data.alert.rules[0]?.reading?.reading : undefined,
  );
  const measure = (boot: number, ratePerSecond: number) =>
    measured(screen, { port: vigil.mqttPort, ca: vigil.ca, boot, ratePerSecond });
  let boot = 0;
  for (const ratePerSecond of ratesPerSecond) {
    const alone = await measure(++boot, ratePerSecond);
    await sleep(settleMs);
    if (!isCarried(alone) && ratePerSecond !== ratesPerSecond.at(-1)) continue;
    // At half of it, where the readers fight for the cores, and at a ward's rate, where only waiting for the store would show.
    const rates = [ratePerSecond / 2, wardPerSecond];
    const before: Latency[] = [];
    for (const rate of rates) before.push(await measure(++boot, rate));
    const cookies = [cookie, await vigil.signIn(), await vigil.signIn()];
    const month = startReaders({ url: vigil.url, readers, cookies });
    const beside = [];
    for (const [i, rate] of rates.entries())
      beside.push({ rate, before: before[i] as Latency, loaded: await measure(++boot, rate) });
    return { ratePerSecond, alone, beside, queries: await month.stop() };
  }
  throw new Error('no rate was tried');
}

function isCarried({ sent, acknowledged, closed }: Latency): boolean {
  return closed === 0 && acknowledged >= 0.95 * sent;
}

async function measurePlain(folder: string, ratePerSecond: number): Promise<Latency> {
  const host = start('./peers/plain-stack.ts');
  try {
    const own = join(folder, 'plain');
    await mkdir(own);
    host.send({ setup: { folder: own, clients: devices, devices: [], token } satisfies ServerSetup });
    const { port, ca } = await next<ServerReady>(host);
    host.send({ usage: true });
    const { httpPort = 0 } = (await next<ServerUsage>(host)).counters;
    const url = new URL(`http://127.0.0.1:${httpPort}/stream`);
    await using screen = await openScreen(url, {}, ({ device, reading }) => `${device}/${reading.boot}/${reading.seq}`);
    return await measured(screen, { port, ca, boot: 1, ratePerSecond });
  } finally {
    await ended(host);
  }
}

interface Screen extends AsyncDisposable {
  /** When the alert of each reading came. */
  readonly arrivals: ReadonlyMap<string, number>;
}

/** A client of a live stream that looks at alerts alone; `nameOf`: the reading that decided, of a raised one. */
async function openScreen(
  url: URL,
  headers: Readonly<Record<string, string>>,
  // biome-ignore lint/suspicious/noExplicitAny: two servers with two forms
  nameOf: (data: any) => string | undefined,
): Promise<Screen> {
  const closing = new AbortController();
  const { body } = await fetch(url, { headers, signal: closing.signal });
  const arrivals = new Map<string, number>();
  let now = 0;
  const parser = createParser({
    onEvent: ({ event, data }) => {
      const name = event === 'alert' ? nameOf(JSON.parse(data)) : undefined;
      if (name !== undefined) arrivals.set(name, now);
    },
  });
  const decoder = new TextDecoder();
  const reading = (async () => {
    for await (const chunk of body ?? []) {
      now = machineMs();
      parser.feed(decoder.decode(chunk, { stream: true }));
    }
  })().catch(() => {});
  return {
    arrivals,
    async [Symbol.asyncDispose]() {
      closing.abort();
      await reading;
    },
  };
}

async function measured(
  { arrivals }: Screen,
  to: Pick<BreachOrder, 'port' | 'ca' | 'boot' | 'ratePerSecond'>,
): Promise<Latency> {
  const load = start('./peers/breach-client.ts');
  try {
    load.send({ ...to, token, devices, breachEvery, warmUpMs, measureMs } satisfies BreachOrder);
    const { breaches, ...result } = (await next<{ readonly result: BreachResult }>(load)).result;
    const latencies = breaches
      .flatMap(([name, at]) => ((arrivals.get(name) ?? 0) > 0 ? [(arrivals.get(name) as number) - at] : []))
      .sort((a, b) => a - b);
    const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
    const { pubackP50Ms, pubackP99Ms } = result;
    const lost = breaches.length - latencies.length;
    return {
      ...result,
      pubackP50Ms: pubackP50Ms ?? Number.NaN,
      pubackP99Ms: pubackP99Ms ?? Number.NaN,
      alerts: latencies.length,
      lost,
      alertP50Ms: at(0.5),
      alertP99Ms: at(0.99),
    };
  } finally {
    await ended(load);
  }
}

/** Readers of the store, until they are stopped. */
function startReaders(order: ReadersOrder) {
  const child = start('./peers/month-readers.ts');
  child.send({ order });
  return {
    async stop(): Promise<ReadersResult> {
      try {
        child.send({ stop: true });
        return (await next<{ readonly result: ReadersResult }>(child)).result;
      } finally {
        await ended(child);
      }
    },
  };
}

function start(path: string): ChildProcess {
  const file = fileURLToPath(new URL(path, import.meta.url));
  return fork(file, {
    env: { ...process.env, UV_THREADPOOL_SIZE: '16' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

async function ended(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** The next message of a child; its failure, or its end, is an error. */
async function next<T>(child: ChildProcess): Promise<T> {
  const waiting = new AbortController();
  const message = await Promise.race([
    once(child, 'message', { signal: waiting.signal }).then(([value]) => value as T & { readonly failed?: string }),
    once(child, 'exit', { signal: waiting.signal }).then(() => {
      throw new Error('a process of the bench ended');
    }),
  ]).finally(() => waiting.abort());
  if (message.failed !== undefined) throw new Error(message.failed);
  return message;
}
