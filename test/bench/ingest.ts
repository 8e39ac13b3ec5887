// Row `ingest` of `performance.md`: publish -> identity, schema, durable append -> PUBACK, beside bare Aedes with a hook that
// does nothing and beside a plain stack that does the same job, each a process of its own, one after another, the load client
// another process. All three over TLS. CPU time is the server's alone.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Figure, rounded } from './figure.ts';
import type { LoadOrder, LoadResult } from './peers/load-client.ts';
import type { ServerReady, ServerSetup, ServerUsage } from './peers/server.ts';

interface Profile {
  readonly name: string;
  readonly clients: number;
  readonly devices: number;
  readonly inFlight: number;
  readonly ratePerSecond: number;
}

/** A thousand handshakes take longer than what is measured after them, so that profile has one round. */
const profiles: readonly (Profile & { readonly rounds: number })[] = [
  { name: '100x20', clients: 100, devices: 0, inFlight: 20, ratePerSecond: 0, rounds: 2 },
  { name: '1000x1', clients: 1_000, devices: 0, inFlight: 1, ratePerSecond: 0, rounds: 1 },
  { name: 'gateway-x100', clients: 1, devices: 16, inFlight: 100, ratePerSecond: 0, rounds: 2 },
];
const paced: Profile = { name: 'paced-5000', clients: 100, devices: 0, inFlight: 0, ratePerSecond: 5_000 };
const pacedRounds = 3;

const servers = ['vigil', 'bare-aedes', 'plain-stack'] as const;
type Server = (typeof servers)[number];

const warmUpMs = 800;
const measureMs = 1_800;
const token = 'a token of more than 128 bit';

interface Measured extends LoadResult {
  readonly perSecond: number;
  readonly cpuUsEach: number;
  /** Readings of one append, on average. */
  readonly batch: number;
}

/** Figures of the row; about 80 s. */
export async function bench(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const profile of profiles) {
    // Another's load on a shared machine only ever slows down: of each server the better round counts.
    const best = {} as Record<Server, Measured>;
    for (let round = 0; round < profile.rounds; round++)
      for (const server of servers) {
        const measured = await measure(server, profile);
        if (measured.perSecond > (best[server]?.perSecond ?? 0)) best[server] = measured;
      }
    figures.push(...compared(profile.name, best));
  }
  figures.push(...(await pacedFigures()));
  return figures;
}

function compared(
  name: string,
  { vigil, 'bare-aedes': bare, 'plain-stack': plain }: Record<Server, Measured>,
): Figure[] {
  const throughput = { name: `ingest ${name} throughput`, value: rounded(vigil.perSecond), unit: 'readings/s' };
  const cpu = { name: `ingest ${name} CPU`, value: rounded(vigil.cpuUsEach), unit: 'us/reading' };
  return [
    atLeast(throughput, 'bare Aedes, no-op handler', bare.perSecond, 0.3),
    atLeast(throughput, 'plain stack', plain.perSecond, 10),
    beside(cpu, 'bare Aedes, no-op handler', bare.cpuUsEach),
    beside(cpu, 'plain stack', plain.cpuUsEach),
    { name: `ingest ${name} readings an append`, value: rounded(vigil.batch), unit: 'readings' },
  ];
}

async function pacedFigures(): Promise<Figure[]> {
  const rounds: Measured[] = [];
  for (let round = 0; round < pacedRounds; round++) rounds.push(await measure('vigil', paced));
  // A round that did not keep its rate measures a queue: on a machine busy with something else there may be none that did.
  const kept = rounds.filter(({ perSecond }) => Math.abs(perSecond / paced.ratePerSecond - 1) < 0.05);
  const figure = (what: string, value: number, unit: string): Figure => ({
    name: `ingest paced 5000/s ${what}`,
    value: rounded(value),
    unit,
  });
  const [best] = kept.sort((a, b) => a.p50Ms - b.p50Ms);
  if (!best) {
    const perSecond = Math.max(...rounds.map((round) => round.perSecond));
    return [{ ...figure('kept', perSecond, 'readings/s'), bar: 'within 5 % of 5000', held: false }];
  }
  const rawMs = await rawWriteMs(Math.max(1, Math.round(best.batch)) * recordBytes);
  const ratio = best.p50Ms / rawMs;
  return [
    {
      ...figure('PUBACK p50', best.p50Ms, 'ms'),
      peer: 'O_DSYNC write of one batch',
      peerValue: rounded(rawMs),
      ratio: rounded(ratio),
      bar: '<= 3',
      held: ratio <= 3,
    },
    figure('PUBACK p99', best.p99Ms, 'ms'),
    figure('readings an append', best.batch, 'readings'),
    { ...figure('kept', best.perSecond, 'readings/s'), bar: 'within 5 % of 5000', held: true },
  ];
}

/** A record of 147 B with its header line and frame. */
const recordBytes = 330;

function atLeast(figure: Figure, peer: string, peerValue: number, bar: number): Figure {
  const ratio = figure.value / peerValue;
  return {
    ...figure,
    peer,
    peerValue: rounded(peerValue),
    ratio: rounded(ratio),
    bar: `>= ${bar}`,
    held: ratio >= bar,
  };
}

function beside(figure: Figure, peer: string, peerValue: number): Figure {
  return { ...figure, peer, peerValue: rounded(peerValue), ratio: rounded(figure.value / peerValue) };
}

/** Runs one server under one load. */
async function measure(
  server: Server,
  { clients: count, devices: deviceCount, inFlight, ratePerSecond }: Profile,
): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), 'vigil-bench-'));
  const clients = Array.from({ length: count }, (_, i) => `d-${i}`);
  const devices = Array.from({ length: deviceCount }, (_, i) => `s-${i}`);
  const host = start(`./peers/${server}.ts`);
  const load = start('./peers/load-client.ts');
  try {
    host.send({ setup: { folder, clients, devices, token } satisfies ServerSetup });
    const { port, ca } = await next<ServerReady>(host);
    load.send({ port, ca, token, clients, devices, inFlight, warmUpMs, measureMs, ratePerSecond } satisfies LoadOrder);
    await next<{ measuring: true }>(load);
    const before = await usage(host);
    const { result } = await next<{ result: LoadResult }>(load);
    const after = await usage(host);
    const appends = (after.counters['appends'] ?? 0) - (before.counters['appends'] ?? 0);
    return {
      ...result,
      perSecond: result.acknowledged / result.seconds,
      cpuUsEach: (after.cpuUs - before.cpuUs) / result.acknowledged,
      batch: result.acknowledged / Math.max(1, appends),
    };
  } finally {
    for (const child of [load, host]) {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    await rm(folder, { recursive: true });
  }
}

function start(path: string): ChildProcess {
  const file = fileURLToPath(new URL(path, import.meta.url));
  // The same thread pool as the serving process has (`tried.md`).
  return fork(file, {
    env: { ...process.env, UV_THREADPOOL_SIZE: '16' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

function usage(host: ChildProcess): Promise<ServerUsage> {
  host.send({ usage: true });
  return next<ServerUsage>(host);
}

/** The next message of a child; its failure, or its end, is an error. */
async function next<T>(child: ChildProcess): Promise<T> {
  const ended = new AbortController();
  const message = await Promise.race([
    once(child, 'message', { signal: ended.signal }).then(([value]) => value as T & { readonly failed?: string }),
    once(child, 'exit', { signal: ended.signal }).then(() => {
      throw new Error('a process of the bench ended');
    }),
  ]).finally(() => ended.abort());
  if (message.failed !== undefined) throw new Error(message.failed);
  return message;
}

/** Median of an asynchronous O_DSYNC write of so many bytes into a preallocated file. */
async function rawWriteMs(bytes: number): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'vigil-bench-'));
  const count = 1_000;
  try {
    const file = await open(join(folder, 'raw'), constants.O_RDWR | constants.O_CREAT | constants.O_DSYNC);
    await file.write(Buffer.alloc(bytes * count));
    const times: number[] = [];
    const buffer = Buffer.alloc(bytes, 65);
    for (let i = 0; i < count; i++) {
      const since = performance.now();
      await file.write(buffer, 0, bytes, i * bytes);
      times.push(performance.now() - since);
    }
    await file.close();
    return times.sort((a, b) => a - b)[count / 2] as number;
  } finally {
    await rm(folder, { recursive: true });
  }
}
