import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  DeviceEvent,
  DeviceState,
  decodeWaveform,
  Heartbeat,
  isContiguous,
  Reading,
  readingsOf,
  Status,
  type WaveformBlock,
} from '../../../contract/index.ts';
import { nextBoot } from '../../../simulators/boot-counter.ts';
import { type Kit, type KitOptions, noFaults, startKit } from '../../../simulators/kit.ts';
import { outboxMessagesMax } from '../../../simulators/limits.ts';
import type { BrokerAddress } from '../../../simulators/link.ts';
import { createPatient } from '../../../simulators/patients/patient.ts';
import { seededRandom } from '../../../simulators/random.ts';
import { systemClock } from '../../../simulators/system-clock.ts';
import { startDeafBroker, startTestBroker, type TestBroker, until } from './test-broker.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vigil-kit-'));
  return () => rm(folder, { recursive: true, force: true });
});

const device = 'd-1';
const topic = (rest: string) => `vigil/1/test/${device}/${rest}`;

function kitOptions(address: BrokerAddress): KitOptions {
  return {
    identity: { name: 'kit-1', device, token: 'secret', patient: 'p-1' },
    realm: 'test',
    version: '0.1.0',
    broker: () => Promise.resolve(address),
    folder,
    clock: systemClock,
    random: seededRandom(1),
    faults: noFaults,
    onReading: () => {},
    report: () => {},
  };
}

function switchOn(broker: TestBroker, changed: Partial<KitOptions> = {}): Promise<Kit> {
  return startKit({ ...kitOptions(broker.address), ...changed });
}

/** Lets its patient live some seconds at once, the last of them now. */
function live(kit: Kit, seconds: number, endingAt = Date.now()): void {
  const patient = createPatient(1, 'kit-1');
  for (let i = 0; i < seconds; i++) kit.measure(patient.step(), endingAt - 1_000 * (seconds - 1 - i));
}

const textOf = (broker: TestBroker, name: string) =>
  broker.seen.filter((publish) => publish.topic === topic(name)).map(({ bytes }) => bytes.toString());

describe('a kit', () => {
  test('speaks as the contract wants, from its first word to its last', {
    tags: ['CON-SCHEMA', 'CON-REALM'],
  }, async () => {
    await using broker = await startTestBroker();
    const kit = await switchOn(broker);
    live(kit, 3);
    await until('all acknowledged', () => kit.connected && kit.waiting === 0 && broker.seen.length >= 10);
    await kit.stop('switched-off');
    await until('goodbye', () => textOf(broker, 'status').length === 2);

    const parsed = {
      status: textOf(broker, 'status').map((text) => Status.parse(JSON.parse(text)).state),
      beats: textOf(broker, 'heartbeat').map((text) => Heartbeat.parse(JSON.parse(text)).beat),
      state: textOf(broker, `${device}/state`).map((text) => DeviceState.parse(JSON.parse(text)).signals?.length),
      readings: broker.seen
        .filter((publish) => publish.topic === topic(`${device}/readings`))
        .flatMap(({ bytes }) => readingsOf(bytes).map((reading) => Reading.parse(reading).vital)),
    };
    expect(parsed).toEqual({
      status: ['ready', 'stopped'],
      beats: [1],
      state: [4],
      readings: ['glucose', 'spo2', 'pulse', 'spo2', 'pulse', 'spo2', 'pulse'],
    });
    expect(broker.wills).toEqual([]);
  });

  test('numbers readings, states and events in one counter without a hole, blocks in another', {
    tags: ['ING-ECG'],
  }, async () => {
    await using broker = await startTestBroker();
    await using kit = await switchOn(broker);
    live(kit, 5);
    await until('all acknowledged', () => kit.connected && kit.waiting === 0);
    const seqs = broker.seen
      .filter((publish) => /readings|state|events/.test(publish.topic))
      .flatMap(({ bytes }) => (readingsOf(bytes) as readonly { readonly seq: number }[]).map(({ seq }) => seq));
    const blocks = broker.seen
      .filter((publish) => publish.topic === topic(`${device}/waveform`))
      .map(({ bytes }) => decodeWaveform(bytes) as WaveformBlock);
    expect(seqs).toEqual(seqs.map((_, i) => i + 1));
    expect(blocks.slice(1).map((block, i) => isContiguous(blocks[i] as WaveformBlock, block))).toEqual(
      Array(4).fill(true),
    );
  });

  test('sends again, byte for byte, what a lost connection left unacknowledged', {
    tags: ['GW-RESUME', 'ING-DEDUP'],
  }, async () => {
    await using broker = await startTestBroker();
    broker.holding = true;
    await using kit = await switchOn(broker);
    live(kit, 4);
    const mine = () => broker.seen.filter(({ topic: name }) => name.startsWith(topic(`${device}/`)));
    // Aedes hands over one publish of a connection at a time while its predecessor is held.
    await until('the first publishes came', () => kit.connected && mine().length > 0);
    const before = mine();
    await broker.listen(false);
    broker.seen.length = 0;
    broker.holding = false;
    await broker.listen(true);
    await until('all acknowledged', () => kit.connected && kit.waiting === 0);
    const after = mine();
    for (const { topic: name, bytes } of before)
      expect(after.filter((publish) => publish.topic === name && publish.bytes.equals(bytes))).toHaveLength(1);
    expect(after.map(({ topic: name }) => name.split('/').at(-1))).toEqual([
      ...['readings', 'readings', 'waveform', 'state'],
      ...Array.from({ length: 3 }, () => ['readings', 'waveform']).flat(),
    ]);
  });

  test('after an outage sends what is fresh first, in order, and the rest by the late lane', {
    tags: ['GW-LIVE-FIRST'],
  }, async () => {
    await using broker = await startTestBroker();
    await broker.listen(false);
    await using kit = await switchOn(broker);
    live(kit, 90);
    await broker.listen(true);
    await until('all acknowledged', () => kit.connected && kit.waiting === 0);
    const spo2 = broker.seen
      .filter(({ topic: name }) => name.endsWith('readings'))
      .flatMap(({ topic: name, bytes }) =>
        readingsOf(bytes)
          .filter(({ vital }) => vital === 'spo2')
          .map(({ seq }) => ({ late: name.includes('/late/'), seq })),
      );
    const live1 = spo2.filter(({ late }) => !late).map(({ seq }) => seq);
    const late = spo2.filter((entry) => entry.late).map(({ seq }) => seq);
    const ascending = (numbers: readonly number[]) =>
      numbers.every((n, i) => i === 0 || n > (numbers[i - 1] as number));
    expect({
      total: spo2.length,
      orders: [ascending(live1), ascending(late)],
      freshIsNewer: Math.min(...live1) > Math.max(...late),
      freshCount: live1.length >= 1 && live1.length <= 31,
    }).toEqual({ total: 90, orders: [true, true], freshIsNewer: true, freshCount: true });
  });

  test('keeps a bounded number of messages, gives up the oldest blocks first and says which readings it lost', {
    tags: ['GW-DISK'],
    timeout: 90_000,
  }, async () => {
    await using broker = await startTestBroker();
    await broker.listen(false);
    await using kit = await switchOn(broker);
    live(kit, outboxMessagesMax + 100);
    const kept = kit.waiting;
    await broker.listen(true);
    await until('all acknowledged', () => kit.connected && kit.waiting === 0, 60_000);
    live(kit, 1);
    await until('that too', () => kit.waiting === 0);
    const events = broker.seen
      .filter(({ topic: name }) => name.endsWith('events'))
      .map(({ bytes }) => DeviceEvent.parse(JSON.parse(bytes.toString())));
    const blocks = broker.seen.filter(({ topic: name }) => name.endsWith('waveform'));
    const states = broker.seen.filter(({ topic: name }) => name.endsWith('state'));
    const sent = broker.seen
      .filter(({ topic: name }) => name.endsWith('readings'))
      .reduce((sum, { bytes }) => sum + readingsOf(bytes).length, 0);
    // One counter: 721 seconds of two readings, three of glucose, and the state of the first second.
    const made = 2 * (outboxMessagesMax + 101) + 3 + 1;
    expect({
      kept,
      blocks: blocks.length,
      events: events.map(({ event }) => event),
      told: sent + states.length + Number(events[0]?.detail['count']),
    }).toEqual({ kept: outboxMessagesMax, blocks: 1, events: ['records-lost'], told: made });
  });

  test('has at most 64 publishes unacknowledged, and gives a deaf link up after 20 s', {
    tags: ['GW-RESUME'],
  }, async () => {
    await using broker = await startDeafBroker();
    let ahead = 0;
    const clock = { ...systemClock, mono: () => systemClock.mono() + ahead };
    await using kit = await startKit({ ...kitOptions(broker.address), clock });
    for (let i = 0; i < 40; i++) live(kit, 1);
    await until('the window is full', () => (broker.publishes[0]?.length ?? 0) >= 63);
    live(kit, 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const [first = []] = broker.publishes;
    const count = first.length;
    ahead = 19_000;
    live(kit, 1);
    const kept = broker.publishes.length;
    ahead = 21_000;
    live(kit, 1);
    await until('it came again, and sent', () => (broker.publishes[1]?.length ?? 0) >= 63);
    // Topic, packet identifier and payload: all but the identifier is the same.
    const content = ({ body }: { readonly body: Buffer }) => {
      const end = 2 + body.readUInt16BE(0);
      return `${body.subarray(2, end)} ${body.subarray(end + 2).toString('hex')}`;
    };
    const data = (packets: typeof first) =>
      packets.map(content).filter((text) => text.includes(`/${device}/${device}/`));
    const again = data(broker.publishes[1] ?? []);
    expect({ count, kept, again }).toEqual({ count: 63, kept: 1, again: data(first).slice(0, again.length) });
  });

  test('counts its boots on disk, before it says a word', { tags: ['SEC-REPLAY'] }, async () => {
    await using broker = await startTestBroker();
    await using first = await switchOn(broker);
    await first.cut();
    await using second = await switchOn(broker);
    expect([first.boot, second.boot, await readFile(join(folder, 'boot'), 'utf8')]).toEqual([1, 2, '2\n']);
  });

  test('does not guess a boot number where the file is damaged', { tags: ['SEC-REPLAY'] }, async () => {
    await writeFile(join(folder, 'boot'), 'x');
    await expect(nextBoot(folder)).rejects.toThrow(/no boot number/);
  });

  test('falls silent without a goodbye: the broker publishes its will', { tags: ['GW-BEAT'] }, async () => {
    await using broker = await startTestBroker();
    const kit = await switchOn(broker);
    await until('connected', () => textOf(broker, 'heartbeat').length === 1);
    await kit.cut();
    await until('the will', () => broker.wills.length === 1);
    expect([broker.wills.map(({ bytes }) => bytes.toString()), textOf(broker, 'status').length]).toEqual([
      ['{"v":1,"state":"lost","boot":1}'],
      1,
    ]);
  });

  test('stops trying where the broker refuses its token', { tags: ['BRK-AUTH'] }, async () => {
    await using broker = await startTestBroker();
    broker.tokens.set(device, 'another');
    const said: string[] = [];
    await using kit = await switchOn(broker, { report: (level, line) => said.push(`${level} ${line}`) });
    await until('refused', () => said.some((line) => /^problem .*refuses/.test(line)));
    expect(kit.connected).toBe(false);
  });

  test('tells a person, once, that nothing gets through, and goes on', async () => {
    await using broker = await startTestBroker();
    await broker.listen(false);
    let ahead = 0;
    const clock = { ...systemClock, mono: () => systemClock.mono() + ahead };
    const said: string[] = [];
    await using kit = await switchOn(broker, {
      clock,
      report: (level, line) => void (level === 'problem' && said.push(line)),
    });
    live(kit, 2);
    const early = said.length;
    ahead = 31_000;
    live(kit, 2);
    await broker.listen(true);
    await until('all acknowledged', () => kit.connected && kit.waiting === 0);
    expect([early, said]).toEqual([0, [expect.stringMatching(/^kit-1: nothing acknowledged for 30 s/)]]);
  });

  test('does not speak to a broker whose certificate it cannot verify', { tags: ['SEC-TLS'] }, async () => {
    await using broker = await startTestBroker();
    await using other = await startTestBroker();
    let asked = 0;
    await using kit = await switchOn(broker, {
      broker: () => {
        asked++;
        return Promise.resolve({ ...broker.address, ca: other.address.ca });
      },
    });
    await until('it tried twice', () => asked === 2);
    expect([kit.connected, broker.seen]).toEqual([false, []]);
  });

  test('loses and doubles as it is told, and numbers all the same', { tags: ['ING-DEDUP'] }, async () => {
    await using broker = await startTestBroker();
    const numbered: number[] = [];
    await using kit = await switchOn(broker, {
      faults: { loss: 0.2, duplicates: 0.5, skewMs: 0 },
      onReading: ({ seq }) => numbered.push(seq),
    });
    live(kit, 25);
    await until('all acknowledged', () => kit.connected && kit.waiting === 0);
    const came = broker.seen
      .filter(({ topic: name }) => name.endsWith('readings'))
      .map(({ bytes }) => bytes.toString());
    const distinct = new Set(came);
    expect([numbered.length, distinct.size < 26, came.length > distinct.size]).toEqual([51, true, true]);
  });
});
