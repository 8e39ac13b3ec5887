// The host with the real core on the embedded log, in real time: the parts fit.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startAlerting } from '../../alerting/index.ts';
import {
  type AppendRecord,
  type Clock,
  decodeInput,
  decodeRecord,
  encodeInput,
  encodeRecord,
  RuleSet,
  type StreamLog,
  senderHeader,
  type TopicName,
} from '../../contract/index.ts';
import { realDisk } from '../../durable/index.ts';
import { openLog } from '../../ingest/log/index.ts';
import { adultRules } from '../support/core.ts';

const clock: Clock = {
  wall: () => Date.now(),
  mono: () => performance.now() + 1_000,
  sleep: (ms, signal) => sleep(ms, undefined, signal && { signal }),
};
const announce = () => {};
const deadlineMs = 30_000;

const open = (folder: string) =>
  openLog(
    { driver: 'embedded', folder, partitions: 1, keepDays: 30, keepBytes: 1e9, segmentBytesMax: 1 << 20 },
    {
      disk: realDisk(),
      clock,
      announce,
      onFatal: (error) => {
        throw error;
      },
    },
  );

const start = (log: StreamLog) => {
  const random = { next: Math.random, bytes: (n: number) => crypto.getRandomValues(new Uint8Array(n)) };
  return startAlerting(
    { instance: 'vigil-1', bootId: 'b-1', build: '0', config: '0' },
    { log, clock, random, announce },
  );
};

async function until(question: () => boolean): Promise<void> {
  for (const end = performance.now() + deadlineMs; performance.now() < end; await sleep(20)) if (question()) return;
  throw new Error('it did not come in time');
}

async function readAll(log: StreamLog, topic: TopicName) {
  const { low, high } = await log.bounds(topic, 0);
  const ending = new AbortController();
  const all = [];
  if (low === high) return [];
  for await (const { records, next } of log.read(topic, 0, low, { signal: ending.signal })) {
    all.push(...records);
    if (next >= high) break;
  }
  return all;
}

function records(): AppendRecord[] {
  const at = Date.now();
  const patient = 'p-1';
  const rules = encodeInput({ v: 1, kind: 'rules', by: 'u-1', at }, RuleSet.parse(adultRules));
  const signals = [{ vital: 'glucose', mode: 'continuous', everyMs: 300_000, firstWithinMs: 120_000 }] as const;
  const worn = { id: 'as-1', revision: 1, patient, device: 'd-1', gateway: 'd-1', from: at - 1_000, to: null };
  const assigned = encodeInput(
    { v: 1, kind: 'assignment', patient, by: 'u-1', at },
    { ...worn, signals: [...signals] },
  );
  const header = { patient, device: 'd-1', assignment: 'as-1', sender: 'd-1', lane: 'live', acceptedAt: at } as const;
  const common = { v: 1, boot: 1, seq: 1, vital: 'glucose', value: 45, unit: 'mg/dL', quality: 'good' };
  const low = { ...common, takenAt: at, receivedAt: at, clock: 'synced' };
  return [
    { key: 'rules', partition: 0, value: rules },
    { key: patient, value: assigned },
    { key: patient, value: encodeRecord(senderHeader('readings', header), low) },
  ];
}

test('an urgent low is raised at once, once, and stays so over a restart from the snapshot', {
  tags: ['ALR-LIMIT', 'ALR-STATE'],
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vigil-alerting-'));
  try {
    let stoppedAt: number;
    {
      await using log = await open(folder);
      await using role = await start(log);
      await until(() => role.status().state === 'ok');
      const positions = await log.append('inputs', records(), { lane: 'data' });
      await role.settled(0, (positions.at(-1) ?? 0) + 1);
      await role[Symbol.asyncDispose]();
      stoppedAt = (await log.bounds('inputs', 0)).high;
    }
    await using log = await open(folder);
    const reads: [TopicName, number][] = [];
    const read: StreamLog['read'] = (topic, partition, from, options) => {
      reads.push([topic, from]);
      return log.read(topic, partition, from, options);
    };
    const watched = new Proxy(log, { get: (target, name) => (name === 'read' ? read : Reflect.get(target, name)) });
    await using role = await start(watched);
    await until(() => role.status().state === 'ok');
    const kinds = (await readAll(log, 'inputs')).map(({ value }) => decodeInput(value).kind);
    const raised = (await readAll(log, 'alerts')).filter(({ value }) => {
      const { header, body } = decodeRecord(value);
      return header.kind === 'alert' && new TextDecoder().decode(body).includes('"type":"raised"');
    });
    expect({ raised: raised.length, blind: kinds.filter((kind) => kind === 'blind').length }).toEqual({
      raised: 1,
      blind: 1,
    });
    expect(reads.find(([topic]) => topic === 'inputs')).toEqual(['inputs', stoppedAt]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
