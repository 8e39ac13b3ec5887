// The power goes at the k-th call of the disk, for many k and seeds, during appends, rolls, compaction and retention, with
// and without a write error before. Whatever was acknowledged, or shown to a reader, has to be there afterwards, in order,
// once, byte for byte; nothing may be there that nobody sent.
import { afterEach, expect, test } from 'vitest';
import type { AppendRecord, LogRecord, TopicName } from '../../contract/index.ts';
import { type EmbeddedLog, openLog } from '../../ingest/log/index.ts';
import { VirtualClock } from '../../virtual/clock.ts';
import { type DiskCall, LossyDisk, mulberry32 } from '../support/lossy-disk.ts';

const partitions = 3;
const folder = '/data/log';
const segmentBytesMax = 4_096;
const topics = ['inputs', 'registry'] as const satisfies readonly TopicName[];

interface Seen {
  readonly key: string;
  readonly text: string;
}

/** What the outside knows: what it sent, what was acknowledged and where, what readers were shown. */
class Oracle {
  readonly sent = new Map<string, string>();
  readonly acknowledged = new Map<string, Map<number, Seen>>(topics.map((topic) => [topic, new Map()]));
  readonly shown = new Map<string, Map<number, Seen>>(topics.map((topic) => [topic, new Map()]));
  /** Retention may not pass this. */
  needed = 0;
  count = 0;

  record(topic: TopicName, random: () => number): AppendRecord {
    const key = `k${Math.floor(random() * 8)}`;
    const text = `${topic} ${key} ${this.count++} ${'x'.repeat(Math.floor(random() * 120))}`;
    this.sent.set(text, topic);
    const tombstone = topic === 'registry' && random() < 0.15;
    return { key, value: tombstone ? new Uint8Array(0) : new TextEncoder().encode(text) };
  }

  note(into: 'acknowledged' | 'shown', topic: TopicName, records: readonly LogRecord[]): void {
    for (const { position, key, value } of records)
      this[into].get(topic)?.set(position, { key, text: new TextDecoder().decode(value) });
  }
}

/** A log that lost its disk cannot close in order. */
async function close(log: EmbeddedLog | undefined): Promise<void> {
  try {
    await log?.[Symbol.asyncDispose]();
  } catch {
    // Nothing to put in order any more.
  }
}

let running: EmbeddedLog | undefined;
afterEach(async () => {
  await close(running);
  running = undefined;
});

function open(disk: LossyDisk, clock: VirtualClock): Promise<EmbeddedLog> {
  const keepBytes = 5 * segmentBytesMax;
  const options = { driver: 'embedded', folder, partitions, keepDays: 30, keepBytes, segmentBytesMax } as const;
  return openLog(options, { disk, clock, announce: () => {}, onFatal: () => {} });
}

/** Appends, tidies and reads until the power goes or the steps are done. */
async function work(log: EmbeddedLog, disk: LossyDisk, oracle: Oracle, random: () => number): Promise<void> {
  const reading = new AbortController();
  const readers = Array.from({ length: partitions }, (_, partition) => follow(log, partition, oracle, reading.signal));
  for (let step = 0; step < 40 && disk.cutDuring === undefined; step++) {
    const appends = Array.from({ length: 1 + Math.floor(random() * 3) }, async () => {
      const topic = random() < 0.6 ? 'inputs' : 'registry';
      const records = Array.from({ length: 1 + Math.floor(random() * 12) }, () => oracle.record(topic, random));
      const positions = await log.append(topic, records, { lane: random() < 0.3 ? 'control' : 'data' });
      oracle.note(
        'acknowledged',
        topic,
        records.map((record, i) => ({ ...record, position: positions[i] as number })),
      );
      if (topic === 'inputs' && random() < 0.5) oracle.needed = Math.max(oracle.needed, positions[0] as number);
    });
    await Promise.allSettled(appends);
    log.setNeeded('inputs', 'test', oracle.needed);
    if (random() < 0.4) await log.tidy().catch(() => {});
  }
  reading.abort();
  await Promise.all(readers);
}

async function follow(log: EmbeddedLog, partition: number, oracle: Oracle, signal: AbortSignal): Promise<void> {
  try {
    const { low } = await log.bounds('inputs', partition);
    for await (const { records } of log.read('inputs', partition, low, { signal }))
      oracle.note('shown', 'inputs', records);
  } catch {
    // The power went, or retention passed a reader that was slow: both are told by name elsewhere.
  }
}

/** Everything that stands in a topic, with what is wrong about how it stands. */
async function contents(log: EmbeddedLog, topic: TopicName): Promise<{ all: Map<number, Seen>; faults: string[] }> {
  const all = new Map<number, Seen>();
  const faults: string[] = [];
  for (let partition = 0; partition < log.partitions(topic); partition++) {
    const { low, high } = await log.bounds(topic, partition);
    const stop = new AbortController();
    let last = -1;
    if (low < high)
      for await (const { records, next } of log.read(topic, partition, low, { signal: stop.signal })) {
        for (const { position, key, value } of records) {
          if (position <= last) faults.push(`${topic}/${partition}: ${position} after ${last}`);
          if (all.has(position)) faults.push(`${topic}: two records at ${position}`);
          last = position;
          all.set(position, { key, text: new TextDecoder().decode(value) });
        }
        if (next >= high) stop.abort();
      }
  }
  return { all, faults };
}

/** What the log, opened again, does not hold to. */
async function violations(log: EmbeddedLog, oracle: Oracle): Promise<string[]> {
  const faults: string[] = [];
  for (const topic of topics) {
    const { all, faults: order } = await contents(log, topic);
    faults.push(...order);
    const texts = new Set<string>();
    for (const [position, { text }] of all) {
      if (text !== '' && oracle.sent.get(text) !== topic) faults.push(`${topic} ${position}: invented "${text}"`);
      if (text !== '' && texts.has(text)) faults.push(`${topic} ${position}: a second time "${text}"`);
      texts.add(text);
    }
    const { low } = await log.bounds(topic, 0);
    if (topic === 'inputs' && low > oracle.needed) faults.push(`inputs begin at ${low}, ${oracle.needed} is needed`);
    for (const kind of ['acknowledged', 'shown'] as const)
      for (const [position, { key, text }] of oracle[kind].get(topic) ?? []) {
        if (position < low) continue;
        const found = all.get(position);
        if (found?.text === text && found.key === key) continue;
        // Compaction takes what a later record of the key replaces, and a tombstone that has served.
        const later = [...all].some(([other, seen]) => other > position && seen.key === key);
        const compacted =
          topic === 'registry' && found === undefined && (later || text === '' || buried(oracle, key, position));
        if (!compacted) faults.push(`${topic} ${position}: ${kind} "${text}", found "${found?.text}"`);
      }
  }
  return faults;
}

/** A later acknowledged record of the key was a tombstone, so that neither need be there. */
function buried(oracle: Oracle, key: string, position: number): boolean {
  const entries = [...(oracle.acknowledged.get('registry') ?? [])];
  return entries.some(([other, seen]) => other > position && seen.key === key && seen.text === '');
}

/** At which calls the end came, all seeds together: `rename inputs/N.seg`, `write registry/compact`. */
const met = new Map<string, number>();

function noteCut({ cutDuring }: LossyDisk): void {
  const path = cutDuring?.path.replace(folder, '').replace(/\d{20}/, 'N');
  const name = cutDuring ? `${cutDuring.kind} ${path}` : 'none';
  met.set(name, (met.get(name) ?? 0) + 1);
}

/** How many calls a whole run makes, so that the sweep meets each part of it. */
const callsOfARun = 300;

/** Moments that are short, and therefore seldom met by number: a roll, a compaction, retention, the making of the reserve. */
const moments: readonly ((call: DiskCall) => boolean)[] = [
  ({ kind, path }) => path.endsWith('.seg') && kind === 'rename',
  ({ kind, path }) => path.endsWith('.seg') && kind === 'remove',
  ({ kind, path }) => path.endsWith('.seg') && kind === 'write',
  ({ path }) => path.endsWith('/compact'),
  ({ path }) => path.includes('reserve'),
  ({ kind, path }) => kind === 'sync-folder' && path.endsWith('registry'),
];

/** Chooses when the end comes: at the k-th call from now, or at the n-th of a kind. */
function aim(disk: LossyDisk, seed: number, round: number, random: () => number): void {
  disk.cutAt = disk.calls + 1 + (round === 0 ? (seed * 7) % callsOfARun : Math.floor(random() * callsOfARun));
  if (round === 0 || random() < 0.4) return;
  disk.cutAt = disk.calls + 2 * callsOfARun;
  const moment = moments[Math.floor(random() * moments.length)] as (call: DiskCall) => boolean;
  let left = 1 + Math.floor(random() * 4);
  disk.cutWhen = (call) => moment(call) && --left === 0;
}

async function runOnce(seed: number): Promise<string[]> {
  const random = mulberry32(seed);
  const disk = new LossyDisk({ seed });
  const clock = new VirtualClock();
  const oracle = new Oracle();
  const faults: string[] = [];
  await disk.makeFolder('/data');
  for (let round = 0; round < 3; round++) {
    aim(disk, seed, round, random);
    const failAt = random() < 0.4 ? disk.calls + 60 + Math.floor(random() * callsOfARun * 0.6) : Number.NaN;
    disk.fault = ({ kind }) => {
      if (kind === 'write' && disk.calls >= failAt && disk.calls < failAt + 3) {
        disk.fault = () => {};
        throw Object.assign(new Error('EIO'), { code: 'EIO' });
      }
    };
    const killed = random() < 0.25;
    disk.cutIs = killed ? 'kill' : 'power';
    try {
      running = await open(disk, clock);
      await work(running, disk, oracle, random);
    } catch {
      // The power went, or a write failed, while the log was being opened.
    }
    noteCut(disk);
    disk.cutDuring = undefined;
    if (killed) {
      // Killed first, opened and read on the same machine, and then the power goes.
      disk.kill();
      await close(running);
      disk.restart();
      disk.fault = () => {};
      running = await open(disk, clock);
      for (const topic of topics)
        for (const [position, seen] of (await contents(running, topic)).all)
          oracle.shown.get(topic)?.set(position, seen);
    }
    disk.cutPower();
    await close(running);
    disk.restart();
    disk.fault = () => {};
    running = await open(disk, clock);
    faults.push(...(await violations(running, oracle)).map((fault) => `seed ${seed} round ${round}: ${fault}`));
    await running[Symbol.asyncDispose]();
  }
  return faults;
}

const seeds = 320;
const placesToMeet = [
  'write /inputs/N.seg',
  'write /inputs/spare',
  'rename /inputs/N.seg',
  'remove /inputs/N.seg',
  'rename /registry/N.seg',
  'remove /registry/N.seg',
  'write /registry/compact',
  'sync /registry/compact',
  'sync-folder /registry',
  'write /inputs/reserve.new',
  'rename /partitions',
];

test('what was acknowledged survives a power cut', { tags: ['ING-DURABLE'], timeout: 600_000 }, async () => {
  const faults: string[] = [];
  for (let seed = 1; seed <= seeds; seed++) faults.push(...(await runOnce(seed)));
  const points = [...met].reduce((sum, [place, count]) => sum + (place === 'none' ? 0 : count), 0);
  expect({ faults, enough: points >= 500, notMet: placesToMeet.filter((place) => !met.has(place)) }).toEqual({
    faults: [],
    enough: true,
    notMet: [],
  });
});
