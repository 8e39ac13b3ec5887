// Item 5 of the path, on the level of the system: while one sender does the same wrong thing again and again, as fast as it
// is let, a well-behaved neighbour's reading is acknowledged and its alert is on the live stream, and memory stays bounded.
// What becomes of each wrong message: test/integration/bad-input.test.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataTopic, encodeWaveform } from '../../contract/index.ts';
import { connectFrame, publishFrame, RawMqtt } from '../support/mqtt.ts';
import { type Program, startProgram } from '../support/program.ts';
import type { StreamClient } from '../support/sse.ts';
import { until } from '../support/until.ts';
import { admit, type FleetIdentity } from './fleet.ts';
import { writeEpisodeRules } from './rules.ts';
import { connectSender, oximeter, type Sender } from './sender.ts';

/** Sixteen packets of 50 MiB, held whole, would be three times this. */
const growthBytesMax = 256 * 1024 * 1024;
/** Wrong messages of a case before the neighbour speaks; the others come while it does. */
const wrongFirst = 64;
const burst = 32;
const packetBytes = 50 * 1024 * 1024;

let folder: string;
let program: Program;
let stream: StreamClient;
let bad: FleetIdentity;
let good: FleetIdentity;
let neighbour: Sender;
let ca: string;
let rssBefore = 0;
let seq = 0;

const statusOf = (pid: number, name: string) =>
  1_024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vigil-bad-'));
  const rules = join(folder, 'rules.json');
  await writeEpisodeRules(rules);
  program = await startProgram({ set: [`alerting.rules=${rules}`] });
  [bad, good] = (await admit(program, 2)) as [FleetIdentity, FleetIdentity];
  ca = await readFile(program.caFile, 'utf8');
  neighbour = await connectSender(good, { port: program.mqttPort, caFile: program.caFile });
  stream = await (await program.signIn()).stream();
  await alertOf(await raiseOne());
  rssBefore = statusOf(program.childPid, 'VmRSS');
  // From here on the peak counts anew.
  writeFileSync(`/proc/${program.childPid}/clear_refs`, '5');
});

afterAll(async () => {
  await stream[Symbol.asyncDispose]();
  await neighbour[Symbol.asyncDispose]();
  await program[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** The neighbour is well, and then is not; gives the number of the reading that has to raise, once it is acknowledged. */
async function raiseOne(): Promise<number> {
  await neighbour.send(96);
  return neighbour.send(84);
}

/** That reading's alert as a clinician's screen gets it. */
function alertOf(deciding: number) {
  const reading = `${good.id}/1/${deciding}`;
  return stream.find(
    `the alert of ${reading}`,
    ({ event, data }) =>
      event === 'alert' && data.event.type === 'raised' && data.alert.rules[0]?.reading?.reading === reading,
  );
}

const wrong = (over: object = {}) => JSON.stringify({ ...oximeter(++seq, 96), ...over });
const port = () => ({ port: program.mqttPort, ca, deadlineMs: 60_000 });
const login = () => RawMqtt.connect(port(), { clientId: bad.id, password: bad.token });

/** What the wrong sender met: how often it was acknowledged, and how often cut off or not let in. */
interface Met {
  acknowledged: number;
  closed: number;
}

type Hammer = (met: Met, signal: AbortSignal) => Promise<void>;

/** Publishes in bursts on one connection after another. */
function publishing(
  make: () => string | Uint8Array,
  { topic, ...flags }: { readonly topic?: () => string; readonly qos?: number; readonly retain?: boolean } = {},
): Hammer {
  return async (met, signal) => {
    while (!signal.aborted) {
      const { client } = await login();
      await using _ = client;
      while (!client.isClosed && !signal.aborted) {
        const before = client.acknowledged.length;
        for (let id = 1; id <= burst; id++)
          client.send(
            publishFrame(topic?.() ?? dataTopic('test', bad.id, bad.id, 'readings'), make(), { id, ...flags }),
          );
        await client.until(() => client.isClosed || client.acknowledged.length >= before + burst, 'its answers');
        met.acknowledged += client.acknowledged.length - before;
      }
      if (client.isClosed) met.closed++;
    }
  };
}

/** Sixteen at a time, each as the given one does it; ended by us, or by the other side before. */
function connecting(act: (client: RawMqtt, signal: AbortSignal) => Promise<void>): Hammer {
  return async (met, signal) => {
    const one = async () => {
      while (!signal.aborted) {
        await using client = await RawMqtt.open(port());
        await act(client, signal);
        met.closed++;
      }
    };
    await Promise.all(Array.from({ length: 16 }, one));
  };
}

/** Writes a packet of 50 MiB as fast as it is taken. */
async function pour(client: RawMqtt, first: number): Promise<void> {
  client.send(Buffer.from([first, 0x80, 0x80, 0x80, 0x19]));
  const piece = Buffer.alloc(64 * 1024);
  for (let sent = 0; sent < packetBytes && !client.isClosed; sent += piece.length) {
    client.send(piece);
    if (client.socket.writableNeedDrain)
      await client.until(() => client.isClosed || !client.socket.writableNeedDrain, 'room').catch(() => {});
    await setImmediate();
  }
  await client.until(() => client.isClosed, 'that it is cut off');
}

const block = () =>
  encodeWaveform({
    lead: 'II',
    boot: 1,
    seq: ++seq,
    discontinuous: false,
    saturated: false,
    pacing: false,
    rateMhz: 250_000,
    index: 0,
    takenAtUs: Date.now() * 1_000,
    receivedAt: Date.now(),
    scale: 5,
    unit: 266_419,
    clock: 'synced',
    contact: 'contact',
    samples: new Int16Array(250),
  });

const acknowledged = 'acknowledged';
const closed = 'closed';
const same = wrong({ boot: 2, seq: 1, takenAt: 1_772_331_000_000, receivedAt: 1_772_331_000_000 });
let swap = 0;

const cases: readonly [string, keyof Met, Hammer][] = [
  ['broken JSON', acknowledged, publishing(() => '{"v":1,"boot":')],
  ['wrong unit', acknowledged, publishing(() => wrong({ unit: 'mg/dL' }))],
  ['implausible value', acknowledged, publishing(() => wrong({ value: 255 }))],
  ['NaN in the text', acknowledged, publishing(() => wrong().replace('96', 'NaN'))],
  ['seconds', acknowledged, publishing(() => wrong({ takenAt: Math.floor(Date.now() / 1_000) }))],
  ['the future', acknowledged, publishing(() => wrong({ takenAt: Date.now() + 86_400_000 }))],
  ['the past', acknowledged, publishing(() => wrong({ takenAt: Date.now() - 86_400_000 }))],
  ['duplicates', acknowledged, publishing(() => same)],
  ['one identity, many values', acknowledged, publishing(() => wrong({ boot: 3, seq: 1 }))],
  ['swapped readings', acknowledged, publishing(() => wrong({ boot: 4, seq: (++swap ^ 1) + 1 }))],
  ['LOW', acknowledged, publishing(() => wrong({ vital: 'glucose', unit: 'mg/dL', value: 40, bound: 'below' }))],
  ['no contact', acknowledged, publishing(() => wrong({ value: undefined, absent: 'no-contact', quality: 'bad' }))],
  [
    'corrupt ECG blocks',
    acknowledged,
    publishing(() => block().fill(7, 70, 80), { topic: () => dataTopic('test', bad.id, bad.id, 'waveform') }),
  ],
  ['16 KB of brackets', acknowledged, publishing(() => '['.repeat(16_000))],
  [
    "another device's topic",
    closed,
    publishing(wrong, { topic: () => dataTopic('test', good.id, good.id, 'readings') }),
  ],
  ['QoS 0', closed, publishing(wrong, { qos: 0 })],
  ['QoS 2', closed, publishing(wrong, { qos: 2 })],
  ['retain', closed, publishing(wrong, { retain: true })],
  [
    'an unknown device',
    closed,
    connecting(async (client) => {
      client.send(connectFrame({ clientId: 'nobody', password: 'guess' }));
      await client.until(() => client.isClosed, 'that it is not let in');
    }),
  ],
  [
    'a CONNECT that never comes',
    closed,
    connecting(async (client, signal) => {
      const left = client.until(() => client.isClosed, 'that it is closed');
      await Promise.race([left.catch(() => {}), new Promise((resolve) => signal.addEventListener('abort', resolve))]);
    }),
  ],
  ['a CONNECT of 50 MiB', closed, connecting((client) => pour(client, 0x10))],
  [
    'a PUBLISH of 50 MiB',
    closed,
    async (met, signal) => {
      while (!signal.aborted) {
        const { client } = await login();
        await using _ = client;
        await pour(client, 0x32);
        met.closed++;
      }
    },
  ],
];

test.for(cases)(
  '%s, again and again: the neighbour is acknowledged and its alert is told',
  {
    tags: ['BRK-LIMIT', 'ING-VALIDATE', 'ING-POISON', 'ALR-LIMIT', 'ALR-ISOLATE'],
  },
  async ([name, outcome, hammer]) => {
    const met: Met = { acknowledged: 0, closed: 0 };
    const ending = new AbortController();
    const hammering = hammer(met, ending.signal);
    const failed = hammering.then(() => {
      throw new Error('it ended by itself');
    });
    failed.catch(() => {});
    const enough = outcome === 'acknowledged' ? wrongFirst : 2;
    const waits = name === 'a CONNECT that never comes' ? 0 : enough;
    await Promise.race([failed, until('wrong messages', () => met[outcome] >= waits, { everyMs: 5 })]);
    const deciding = await raiseOne();
    const alert = await alertOf(deciding);
    ending.abort();
    await hammering;
    const other = outcome === 'acknowledged' ? met.closed : met.acknowledged;
    expect({ patient: alert.data.alert.patient.id, enough: met[outcome] >= enough, other }).toEqual({
      patient: good.patient,
      enough: true,
      other: 0,
    });
  },
);

test('after all of it the same process runs, and has never held much more memory than before', {
  tags: ['BRK-LIMIT', 'SYS-MEMORY'],
}, async () => {
  expect((await program.ready()).pid).toBe(program.childPid);
  const peakBytes = statusOf(program.childPid, 'VmHWM');
  expect(rssBefore).toBeGreaterThan(0);
  expect(peakBytes - rssBefore).toBeLessThan(growthBytesMax);
});
