import { describe, expect, test } from 'vitest';
import { encodeWaveform, type WaveformBlock } from '../../../contract/index.ts';
import { accept, type Facts } from '../../../ingest/accept.ts';
import { unknownClock } from '../../../ingest/sender-clock.ts';
import { assignment, beat, bytesOf, now, reading, textOf, without } from './fixtures.ts';

const facts: Facts = {
  kind: 'readings',
  lane: 'live',
  timeline: [assignment()],
  clock: unknownClock,
  acceptedAt: now,
};

/** What became of a payload, short enough for a table. */
function outcome(payload: unknown, over: Partial<Facts> = {}) {
  const verdict = accept(payload instanceof Uint8Array ? payload : bytesOf(payload), { ...facts, ...over });
  return {
    accepted: verdict.accepted.map(({ assignment: { id }, body }) => `${id} ${textOf(body)}`),
    refused: verdict.refused.map(({ reason, bytes }) => `${reason} ${textOf(bytes)}`),
  };
}

const text = (value: unknown) => JSON.stringify(value);

describe('a reading that is let in is a record of its own bytes', { tags: ['CON-SCHEMA'] }, () => {
  const absent = { ...without(reading(), 'value'), absent: 'no-contact', quality: 'bad' };
  test.for<[string, unknown]>([
    ['in the known key order', reading()],
    ['in another key order', { unit: '%', ...reading() }],
    [
      'with every optional key',
      reading({
        mode: 'spot',
        origin: 'memory',
        flags: ['motion'],
        site: 'finger',
        deviceTime: '2026-03-01T03:06:00',
        offsetMs: -3,
        offsetErrorMs: 2,
      }),
    ],
    ["a glucose monitor's LOW", reading({ vital: 'glucose', unit: 'mg/dL', value: 40, bound: 'below' })],
    ['beyond every limit', { ...without(reading(), 'value'), bound: 'above' }],
    ['no contact', absent],
    ['glucose in the other unit', reading({ vital: 'glucose', unit: 'mmol/L', value: 3.1 })],
    ['at the lowest possible value', reading({ value: 1 })],
    ['from the future', reading({ takenAt: now + 3_600_000 })],
    ['from 2015 on', reading({ takenAt: Date.UTC(2015, 0, 1) })],
  ])('%s', ([, payload]) => {
    const timeline = [assignment({ from: 0 })];
    expect(outcome(payload, { timeline, lane: 'late' })).toEqual({ accepted: [`as-1 ${text(payload)}`], refused: [] });
  });

  test('white space is the sender’s, and stays', () => {
    const spaced = ` ${JSON.stringify(reading(), null, 2)}\n`;
    expect(outcome(spaced).accepted).toEqual([`as-1 ${spaced}`]);
  });
});

describe('what can never be accepted is refused, with its reason and its bytes', {
  tags: ['CON-SCHEMA', 'ING-VALIDATE'],
}, () => {
  test.for<[string, string, unknown]>([
    ['broken JSON', 'not-json', '{"v":1,'],
    ['NaN in the text', 'not-json', text(reading()).replace('96', 'NaN')],
    ['Infinity in the text', 'not-json', text(reading()).replace('96', '-Infinity')],
    ['bytes that are no UTF-8', 'not-json', Uint8Array.of(0xff, 0xfe)],
    ['a byte order mark', 'not-json', Uint8Array.of(0xef, 0xbb, 0xbf, ...bytesOf(reading()))],
    ['nothing', 'not-json', ''],
    ['a number too large to be one', 'schema', text(reading()).replace('96', '1e999')],
    ['NaN as a string', 'schema', reading({ value: 'NaN' })],
    ['no object', 'schema', 42],
    ['no value, bound or absence', 'schema', without(reading(), 'value')],
    ['a value and an absence', 'unknown-key', { ...reading({ quality: 'bad' }), absent: 'no-contact' }],
    ['an absence of good quality', 'schema', { ...without(reading(), 'value'), absent: 'no-contact' }],
    ['no time', 'schema', without(reading(), 'takenAt')],
    ['a fraction of a millisecond', 'schema', reading({ takenAt: now + 0.5 })],
    ['a time that no calendar has', 'schema', reading({ takenAt: 8_640_000_000_000_001 })],
    ['boot 0', 'schema', reading({ boot: 0 })],
    ['a sequence beyond exact numbers', 'schema', text(reading()).replace('"seq":1', '"seq":9007199254740993')],
    ['a control solution', 'schema', reading({ vital: 'glucose', unit: 'mg/dL', specimen: 'control-solution' })],
    ['an unknown vital', 'schema', reading({ vital: 'toString' })],
    ['the next version', 'version', reading({ v: 2 })],
    ['an unknown key', 'unknown-key', reading({ patient: 'p-1' })],
    ['the unit of another vital', 'unit', reading({ unit: 'mg/dL' })],
    ['a unit that is a property of every object', 'unit', reading({ unit: 'constructor' })],
    ['a unit in the wrong case', 'unit', reading({ vital: 'glucose', unit: 'mg/dl', value: 90 })],
    [
      'an absence in a unit of another vital',
      'unit',
      { ...without(reading(), 'value'), absent: 'no-contact', quality: 'bad', unit: 'ms' },
    ],
    ['seconds instead of milliseconds', 'time-unit', reading({ takenAt: Math.floor(now / 1_000) })],
    ['an uptime', 'time-unit', reading({ takenAt: 3_600_000 })],
    ['too high', 'implausible', reading({ value: 101 })],
    ['too low', 'implausible', reading({ value: 0 })],
    ['mmol/L under the name of mg/dL', 'implausible', reading({ vital: 'glucose', unit: 'mg/dL', value: 5.1 })],
    ['mg/dL under the name of mmol/L', 'implausible', reading({ vital: 'glucose', unit: 'mmol/L', value: 92 })],
  ])('%s: %s', ([, reason, payload]) => {
    const bytes = payload instanceof Uint8Array ? payload : bytesOf(payload);
    expect(outcome(bytes)).toEqual({ accepted: [], refused: [`${reason} ${textOf(bytes)}`] });
  });

  test('the detail names what was expected, and never a value', () => {
    const secret = 'Jane Doe';
    const payloads = [
      reading({ value: 101 }),
      reading({ unit: secret }),
      reading({ quality: secret }),
      reading({ [secret]: 1 }),
      reading({ v: secret }),
      reading({ takenAt: 12 }),
    ];
    const details = payloads.map((payload) => accept(bytesOf(payload), facts).refused[0]?.detail);
    expect(details).toEqual([
      'value: spo2 is 1 to 100 %',
      'unit: not one of spo2',
      'quality: invalid_value',
      'unknown key: ',
      'v: expected 1',
      'takenAt: before 2015; expected milliseconds since 1970',
    ]);
  });

  test('a payload of more than 16 KB is not looked at', () => {
    const [refused] = accept(bytesOf(' '.repeat(16_385)), facts).refused;
    expect({ ...refused, bytes: refused?.bytes.length }).toMatchObject({
      reason: 'schema',
      detail: '16385 bytes, at most 16384',
      bytes: 16_385,
    });
  });

  test('what is refused keeps as much of its identity as it has', () => {
    const bad = (over: Record<string, unknown>) => accept(bytesOf(reading(over)), facts).refused[0];
    const named = [bad({ value: 101 }), bad({ clock: 'sundial', vital: 'spo3', seq: -1 })].map((part) => [
      part?.boot,
      part?.seq,
      part?.vital,
    ]);
    expect(named).toEqual([
      [12, 1, 'spo2'],
      [12, null, null],
    ]);
  });
});

describe('an array is judged element by element', { tags: ['ING-POISON', 'CON-SCHEMA'] }, () => {
  const row = (...seqs: number[]) => seqs.map((seq) => reading({ seq }));

  test('all of one wearer: one record of the payload as it came', () => {
    expect(outcome(row(1, 2, 3))).toEqual({ accepted: [`as-1 ${text(row(1, 2, 3))}`], refused: [] });
  });

  test('a bad element is cut out with its own bytes, and its neighbours go on', () => {
    const [first, bad, last] = [
      reading({ seq: 1 }),
      reading({ seq: 2, value: 101 }),
      reading({ seq: 3, flags: ['a,]"b'] }),
    ];
    expect(outcome(` [ ${text(first)} ,\n${text(bad)},${text(last)} ] `)).toEqual({
      accepted: [`as-1 ${text(first)}`, `as-1 ${text(last)}`],
      refused: [`implausible ${text(bad)}`],
    });
  });

  test('a sequence that does not rise is refused alone', () => {
    const [a, b, c, d] = row(2, 1, 2, 3);
    expect(outcome([a, b, c, d])).toEqual({
      accepted: [`as-1 ${text(a)}`, `as-1 ${text(d)}`],
      refused: [`schema ${text(b)}`, `schema ${text(c)}`],
    });
  });

  test('a new boot begins a new count', () => {
    expect(outcome([reading({ boot: 12, seq: 9 }), reading({ boot: 13, seq: 1 })]).refused).toEqual([]);
  });

  test('two assignments: a record for each reading, under whoever wore it then', () => {
    const change = now - 1_000;
    const timeline = [assignment({ to: change }), assignment({ id: 'as-2', patient: 'p-2', from: change })];
    const [before, after] = [reading({ seq: 1, takenAt: change - 1 }), reading({ seq: 2, takenAt: change })];
    expect(outcome([before, after], { timeline }).accepted).toEqual([`as-1 ${text(before)}`, `as-2 ${text(after)}`]);
  });

  test.for<[string, unknown[]]>([
    ['none', []],
    ['65', row(...Array.from({ length: 65 }, (_, i) => i + 1)).map((each) => without(each, 'clock'))],
  ])('%s: refused whole', ([, payload]) => {
    expect(outcome(payload)).toEqual({ accepted: [], refused: [`schema ${text(payload)}`] });
  });

  test('elements that are no readings are refused alone', () => {
    expect(outcome([1, [reading()], null, reading()])).toEqual({
      accepted: [`as-1 ${text(reading())}`],
      refused: ['schema 1', `schema ${text([reading()])}`, 'schema null'],
    });
  });
});

describe('a reading belongs to whoever wore the device when it was taken', {
  tags: ['CON-SCHEMA', 'ING-VALIDATE'],
}, () => {
  test('before, between and after assignments it belongs to nobody', () => {
    const timeline = [
      assignment({ from: now - 900, to: now - 800 }),
      assignment({ id: 'as-2', from: now - 700, to: now - 600 }),
    ];
    const at = (takenAt: number) => outcome(reading({ takenAt }), { timeline }).accepted.length;
    const ages = [901, 900, 801, 800, 701, 700, 601, 600, 0];
    expect(ages.map((age) => at(now - age))).toEqual([0, 1, 1, 0, 0, 1, 1, 0, 0]);
    expect(outcome(reading({ takenAt: now - 950 }), { timeline }).refused).toEqual([
      `unassigned ${text(reading({ takenAt: now - 950 }))}`,
    ]);
  });

  test('a time in the future counts as now', () => {
    const timeline = [assignment({ to: now + 1 }), assignment({ id: 'as-2', from: now + 1 })];
    expect(outcome(reading({ takenAt: now + 60_000 }), { timeline }).accepted[0]).toMatch(/^as-1 /);
  });

  test('a slow clock is corrected first, and its correction is told', () => {
    const timeline = [assignment({ from: now - 1_000 })];
    const verdict = accept(bytesOf(reading({ takenAt: now - 3_600_000 })), { ...facts, timeline });
    expect([verdict.accepted.length, verdict.correction]).toEqual([1, { skew: 3_600_000, clock: 'unsure' }]);
  });

  test('the same time on the late lane is what it says', () => {
    const timeline = [assignment({ from: now - 1_000 })];
    expect(outcome(reading({ takenAt: now - 3_600_000 }), { timeline, lane: 'late' }).accepted).toEqual([]);
  });
});

describe('waveform blocks', { tags: ['ING-ECG', 'CON-SCHEMA'] }, () => {
  const block: WaveformBlock = {
    lead: 'II',
    boot: 12,
    seq: 7,
    discontinuous: false,
    saturated: false,
    pacing: false,
    rateMhz: 250_000,
    index: 1_500,
    takenAtUs: (now - 1_000) * 1_000,
    receivedAt: now,
    scale: 5,
    unit: 266_419,
    clock: 'synced',
    contact: 'contact',
    samples: Int16Array.of(12, -5, 880, -32_768),
  };
  const judge = (bytes: Uint8Array, over: Partial<Facts> = {}) =>
    accept(bytes, { ...facts, kind: 'waveform', ...over });

  test('a whole block is a record of its bytes', () => {
    const bytes = encodeWaveform(block);
    expect(judge(bytes)).toMatchObject({
      accepted: [{ body: bytes }],
      refused: [],
      newest: { takenAt: now - 1_000, freshForMs: 10_000 },
    });
  });

  test.for<[string, string, (bytes: Uint8Array) => Uint8Array]>([
    ['a flipped bit', 'crc', (bytes) => bytes.with(66, (bytes[66] as number) ^ 1)],
    ['a cut end', 'schema', (bytes) => bytes.subarray(0, -1)],
    ['another magic', 'schema', (bytes) => bytes.with(0, 0)],
    ['the next version', 'version', (bytes) => bytes.with(4, 2)],
    ['a time in seconds', 'time-unit', () => encodeWaveform({ ...block, takenAtUs: now })],
    [
      'a time before its assignment',
      'unassigned',
      () => encodeWaveform({ ...block, takenAtUs: (now - 86_400_001) * 1_000 }),
    ],
  ])('%s: %s', ([, reason, change]) => {
    const bytes = change(encodeWaveform(block));
    expect(judge(bytes, { lane: 'late' })).toMatchObject({ accepted: [], refused: [{ reason, bytes }] });
  });
});

describe('what a device says of itself', { tags: ['CON-SCHEMA'] }, () => {
  const state = { v: 1, boot: 12, seq: 3, at: now, link: 'up', why: null, contact: 'no', faults: [] };
  const event = { v: 1, boot: 12, seq: 4, at: now, event: 'button', detail: { count: 1 } };
  const status = { v: 1, state: 'ready', boot: 12, at: now, version: '0.1.0' };
  test.for<[Facts['kind'], unknown, number]>([
    ['state', state, 1],
    ['events', event, 1],
    // Neither belongs to a patient: the one is for every patient of the gateway, the other is counted.
    ['heartbeat', beat(), 0],
    ['status', status, 0],
  ])('%s: accepted', ([kind, payload, records]) => {
    const verdict = accept(bytesOf(payload), { ...facts, kind });
    expect([verdict.accepted.length, verdict.refused, verdict.beat]).toEqual([
      records,
      [],
      kind === 'heartbeat' ? payload : null,
    ]);
  });

  test.for<[Facts['kind'], string, unknown]>([
    ['state', 'schema', { ...state, link: 'sideways' }],
    ['state', 'unknown-key', { ...state, mood: 'good' }],
    ['state', 'time-unit', { ...state, at: 12 }],
    ['state', 'unassigned', { ...state, at: now - 90_000_000 }],
    ['events', 'not-json', '{'],
    ['events', 'version', { ...event, v: 9 }],
    ['heartbeat', 'schema', { ...beat(), beat: 0 }],
    ['heartbeat', 'time-unit', { ...beat(), at: 12 }],
    ['status', 'schema', { ...status, state: 'fine' }],
  ])('%s: %s', ([kind, reason, payload]) => {
    const verdict = accept(bytesOf(payload), { ...facts, kind });
    expect([verdict.accepted, verdict.refused.map((part) => part.reason)]).toEqual([[], [reason]]);
  });
});
