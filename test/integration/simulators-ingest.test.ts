import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  type Assignment,
  type Device,
  decodeInput,
  encodeRecord,
  type InputRecord,
  type LogRecord,
  readingsOf,
  registryKey,
  type TopicName,
} from '../../contract/index.ts';
import { type Certificates, ensureCertificates, startIngest } from '../../ingest/index.ts';
import { fleetPayload, noFaults, openTruth, readJournal, runFleet, startWard } from '../../simulators/index.ts';
import { kitSignals } from '../../simulators/messages.ts';
import { systemClock } from '../../simulators/system-clock.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { until } from '../unit/simulators/test-broker.ts';

const from = 1_700_000_000_000;
const identities = [1, 2].map((n) => ({ name: `kit-${n}`, device: `d-${n}`, token: `secret-${n}`, patient: `p-${n}` }));

let folder: string;
let log: MemoryLog;
let certificates: Certificates;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vigil-sim-ingest-'));
  certificates = await ensureCertificates({ folder, realm: 'test', hosts: [], now: Date.now() });
  log = new MemoryLog();
  for (const { name, device, token, patient } of identities) {
    const signals = [...kitSignals];
    const tokenSha256 = createHash('sha256').update(token).digest('hex');
    const about = { id: device, name, model: '', serial: '', kind: 'device', sequence: 'required' } as const;
    await register('device', device, { ...about, signals, tokenSha256, revoked: false } satisfies Device);
    const bound = { id: `as-${device}`, revision: 1, patient, device, gateway: device, from, to: null, signals };
    await register('assignment', bound.id, bound satisfies Assignment);
  }
  return () => rm(folder, { recursive: true, force: true });
});

async function register(kind: 'device' | 'assignment', id: string, body: object): Promise<void> {
  const value = encodeRecord({ v: 1, kind, id, revision: 1, by: 'u-1', at: from }, body);
  await log.append('registry', [{ key: registryKey(kind, id), value }], { lane: 'control' });
}

const startBorder = (mqttPort: number) =>
  startIngest(
    { realm: 'test', mqttPort, tls: { certPem: certificates.certPem, keyPem: certificates.keyPem } },
    { log, clock: systemClock, announce: () => {} },
  );

/** All records of a topic's only partition, up to its end now. */
async function recordsOf(topic: TopicName): Promise<readonly LogRecord[]> {
  const { low, high } = await log.bounds(topic, 0);
  const records: LogRecord[] = [];
  const stopping = new AbortController();
  if (low === high) return records;
  for await (const batch of log.read(topic, 0, low, { signal: stopping.signal })) {
    records.push(...batch.records);
    if (batch.next >= high) stopping.abort();
  }
  return records;
}

async function inputs(): Promise<readonly InputRecord[]> {
  return (await recordsOf('inputs')).map(({ value }) => decodeInput(value));
}

/** Sequence numbers of a device's readings and state in the log, copies dropped, in order. */
async function seqsOf(device: string): Promise<readonly number[]> {
  const seqs = (await inputs()).flatMap(({ kind, header, body }) => {
    if (!(kind === 'readings' || kind === 'device-state' || kind === 'device-event')) return [];
    if (header.device !== device) return [];
    return (readingsOf(body) as readonly { readonly seq: number }[]).map(({ seq }) => seq);
  });
  return [...new Set(seqs)].toSorted((a, b) => a - b);
}

describe('kits against the border', () => {
  test('nothing of theirs is refused, and after the border was away no number is missing', {
    tags: ['CON-SCHEMA', 'BRK-HANDOVER', 'GW-RESUME'],
  }, async () => {
    const first = await startBorder(0);
    const { port } = first;
    using truth = openTruth(join(folder, 'truth.jsonl'));
    const broker = { host: '127.0.0.1', port, servername: 'localhost', ca: certificates.caPem };
    const problems: string[] = [];
    const ward = await startWard({
      identities,
      seed: 1,
      scenario: [],
      realm: 'test',
      version: '0.1.0',
      broker: () => Promise.resolve(broker),
      folder: join(folder, 'sim'),
      clock: systemClock,
      faults: noFaults,
      jitterMs: 0,
      truth,
      report: (level, line) => void (level === 'problem' && problems.push(line)),
    });
    const acknowledged = () => ward.kits().reduce((sum, kit) => sum + kit.acknowledged, 0);
    await until('some is acknowledged', () => acknowledged() >= 12);
    await first[Symbol.asyncDispose]();
    const before = acknowledged();
    await until('some waits', () => ward.kits().every(({ waiting }) => waiting >= 3));
    await using _second = await startBorder(port);
    await until('it is sent', () => acknowledged() > before + 6 && ward.kits().every(({ waiting }) => waiting === 0));
    await ward[Symbol.asyncDispose]();

    const records = await inputs();
    const seqs = await Promise.all(identities.map(({ device }) => seqsOf(device)));
    expect({
      problems,
      refused: (await recordsOf('refused')).map(({ value }) => Buffer.from(value).toString()),
      kinds: [...new Set(records.map(({ kind }) => kind))].toSorted(),
      holes: seqs.map((numbers) => numbers.filter((seq, i) => seq !== i + 1)),
      readings: seqs.every((numbers) => numbers.length > 10),
    }).toEqual({
      problems: [],
      refused: [],
      kinds: ['device-state', 'gateway-beat', 'readings', 'waveform'],
      holes: [[], []],
      readings: true,
    });
  });

  test('a fleet: what was acknowledged stands in the log, byte for byte, and PUBACKs came in order', {
    tags: ['BRK-HANDOVER', 'BRK-ORDER'],
  }, async () => {
    await using border = await startBorder(0);
    const episodes = { everyReadings: 50, lengthReadings: 10, gapReadings: 5 };
    const journalFile = join(folder, 'journal');
    const counts = await runFleet({
      config: {
        seed: 5,
        broker: { host: '127.0.0.1', port: border.port, caFile: certificates.caFile },
        devices: identities.map(({ device: id, token, patient }) => ({ id, token, patient })),
        everyMs: 0,
        readingsPerDevice: 300,
        duplicates: 0.1,
        reorder: 0.1,
        episodes,
        journalFile,
        truthFile: join(folder, 'fleet-truth.jsonl'),
        drainMs: 30_000,
      },
      clock: systemClock,
      signal: new AbortController().signal,
      onProgress: () => {},
    });
    const stored = new Map<string, string>();
    for (const { kind, header, body } of await inputs()) {
      if (kind !== 'readings') continue;
      for (const { boot, seq } of readingsOf(body))
        stored.set(`${header.device}/${boot}/${seq}`, Buffer.from(body).toString());
    }
    const { sent, acked, damaged } = await readJournal(journalFile);
    const takenAt = new Map(sent.map((record) => [`${record.device}/${record.boot}/${record.seq}`, record.takenAt]));
    const lost = acked.filter(({ device, boot, seq }) => {
      const id = `${device}/${boot}/${seq}`;
      const payload = fleetPayload({ seed: 5, episodes, device, boot, seq, takenAt: takenAt.get(id) ?? 0 });
      return stored.get(id) !== Buffer.from(payload).toString();
    });
    expect({ made: counts.made, acked: acked.length, disordered: counts.disordered, damaged, lost }).toEqual({
      made: 600,
      acked: 600,
      disordered: 0,
      damaged: 0,
      lost: [],
    });
    expect(counts.duplicated).toBeGreaterThan(0);
  });
});
