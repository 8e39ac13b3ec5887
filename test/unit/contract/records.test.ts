import { describe, expect, test } from 'vitest';
import {
  BadRecordError,
  decodeInput,
  encodeInput,
  encodeRecord,
  type InputHeader,
  inputBodies,
  recordBytesMax,
  senderHeader,
} from '../../../contract/index.ts';

const text = (value: Uint8Array) => new TextDecoder().decode(value);
const reading =
  '{"v":1,"boot":12,"seq":48211,"vital":"spo2","value":96,"unit":"%","quality":"good","takenAt":1772331069120,"receivedAt":1772331069164,"clock":"synced"}';
const facts = { patient: 'p-5', device: 'd-ox3', assignment: 'as-7', sender: 'gw-1', acceptedAt: 1772331069201 };
const signal = { vital: 'spo2', mode: 'continuous', everyMs: 1000, firstWithinMs: 120000 } as const;

/** The whole log format: a change of any of these bytes is a new version. */
const golden: readonly (readonly [string, Uint8Array, string])[] = [
  [
    'readings',
    encodeRecord(senderHeader('readings', { ...facts, lane: 'live' }), new TextEncoder().encode(reading)),
    `{"v":1,"kind":"readings","patient":"p-5","device":"d-ox3","assignment":"as-7","sender":"gw-1","lane":"live","acceptedAt":1772331069201}\n${reading}`,
  ],
  [
    'readings of a clock that is wrong',
    encodeRecord(
      senderHeader('readings', { ...facts, lane: 'late', skew: 840000, clock: 'unsure' }),
      new Uint8Array(0),
    ),
    '{"v":1,"kind":"readings","patient":"p-5","device":"d-ox3","assignment":"as-7","sender":"gw-1","lane":"late","acceptedAt":1772331069201,"skew":840000,"clock":"unsure"}\n',
  ],
  [
    'device-state',
    encodeRecord(senderHeader('device-state', { ...facts, lane: 'live' }), new Uint8Array(0)),
    '{"v":1,"kind":"device-state","patient":"p-5","device":"d-ox3","assignment":"as-7","sender":"gw-1","acceptedAt":1772331069201}\n',
  ],
  [
    'refusal',
    encodeInput(senderHeader('refusal', facts), {
      boot: 12,
      seq: 48215,
      vital: 'spo2',
      reason: 'implausible',
      refused: 9120,
    }),
    '{"v":1,"kind":"refusal","patient":"p-5","device":"d-ox3","assignment":"as-7","sender":"gw-1","acceptedAt":1772331069201}\n{"boot":12,"seq":48215,"vital":"spo2","reason":"implausible","refused":9120}',
  ],
  [
    'assignment',
    encodeInput(
      { v: 1, kind: 'assignment', patient: 'p-5', by: 'u-1', at: 2 },
      {
        id: 'as-7',
        revision: 1,
        patient: 'p-5',
        device: 'd-ox3',
        gateway: 'gw-1',
        from: 1771578000000,
        to: null,
        signals: [signal],
      },
    ),
    '{"v":1,"kind":"assignment","patient":"p-5","by":"u-1","at":2}\n{"id":"as-7","revision":1,"patient":"p-5","device":"d-ox3","gateway":"gw-1","from":1771578000000,"to":null,"signals":[{"vital":"spo2","mode":"continuous","everyMs":1000,"firstWithinMs":120000}]}',
  ],
  [
    'discharge',
    encodeInput(
      { v: 1, kind: 'discharge', patient: 'p-5', by: 'u-1', at: 2 },
      { id: 'p-5', revision: 2, reason: 'home' },
    ),
    '{"v":1,"kind":"discharge","patient":"p-5","by":"u-1","at":2}\n{"id":"p-5","revision":2,"reason":"home"}',
  ],
  [
    'acknowledge',
    encodeInput(
      { v: 1, kind: 'acknowledge', patient: 'p-5', by: 'u-1', at: 2 },
      { verdict: 'true-alert', revision: 1, alert: 'a-7k3q', requestId: 'r-8s1' },
    ),
    '{"v":1,"kind":"acknowledge","patient":"p-5","by":"u-1","at":2}\n{"requestId":"r-8s1","alert":"a-7k3q","revision":1,"verdict":"true-alert"}',
  ],
  [
    'owner',
    encodeInput({ v: 1, kind: 'owner' }, { id: 'c-41', instance: 'vigil-1', bootId: 'b-9', after: 6 }),
    '{"v":1,"kind":"owner"}\n{"id":"c-41","instance":"vigil-1","bootId":"b-9","after":6}',
  ],
  [
    'tick',
    encodeInput({ v: 1, kind: 'tick' }, { utc: 1772331069500, n: 1841, epoch: 7, log: 1772331069500, mono: 81234567 }),
    '{"v":1,"kind":"tick"}\n{"n":1841,"epoch":7,"log":1772331069500,"mono":81234567,"utc":1772331069500}',
  ],
  [
    'blind',
    encodeInput({ v: 1, kind: 'blind' }, { epoch: 7, fromLog: 1, toLog: 2, fromUtc: 1, toUtc: 2, cause: 'restart' }),
    '{"v":1,"kind":"blind"}\n{"epoch":7,"fromLog":1,"toLog":2,"fromUtc":1,"toUtc":2,"cause":"restart"}',
  ],
  [
    'clock-step',
    encodeInput({ v: 1, kind: 'clock-step' }, { epoch: 7, log: 1, utcBefore: 1, utcAfter: 2 }),
    '{"v":1,"kind":"clock-step"}\n{"epoch":7,"log":1,"utcBefore":1,"utcAfter":2}',
  ],
  [
    'system',
    encodeInput({ v: 1, kind: 'system', by: 'ingest', at: 3 }, { fact: 'store-down', on: true, since: 1, detail: {} }),
    '{"v":1,"kind":"system","by":"ingest","at":3}\n{"fact":"store-down","on":true,"since":1,"detail":{}}',
  ],
];

describe('records of inputs', () => {
  test.for(golden)('%s has its golden bytes', { tags: ['CON-VERSION', 'ALR-REPLAY'] }, ([, value, bytes]) => {
    expect(text(value)).toBe(bytes);
  });

  test.for(golden)('%s reads back as what it is', { tags: ['CON-SCHEMA'] }, ([name, value]) => {
    expect(decodeInput(value).kind).toBe(name.split(' ')[0]);
  });

  test('of each kind with a body of ours are among the golden ones', () => {
    const named = new Set(golden.map(([name]) => name));
    expect(Object.keys(inputBodies).filter((kind) => kind !== 'rules' && !named.has(kind))).toEqual([]);
  });

  test.for([
    ['no header line', '{"v":1}'],
    ['no JSON', 'x\n'],
    ['another version', '{"v":2,"kind":"tick"}\n{}'],
    ['an unknown kind', '{"v":1,"kind":"dream"}\n{}'],
    ['an unknown key', '{"v":1,"kind":"tick","x":1}\n{"n":1,"epoch":1,"log":1,"mono":1,"utc":1}'],
    ['a body of another shape', '{"v":1,"kind":"tick"}\n{"n":1}'],
  ] as const)('with %s are refused by name', { tags: ['CON-SCHEMA', 'ING-POISON'] }, ([, bytes]) => {
    expect(() => decodeInput(new TextEncoder().encode(bytes))).toThrow(BadRecordError);
  });

  test('a complaint holds no value of a patient', { tags: ['SEC-LOG'] }, () => {
    const bytes = new TextEncoder().encode('{"v":1,"kind":"acknowledge","patient":"Jane Doe","by":"u-1","at":2}\n{}');
    expect(() => decodeInput(bytes)).toThrow(expect.not.objectContaining({ message: expect.stringContaining('Jane') }));
  });

  test('over the limit are refused before they are written', () => {
    const header = { v: 1, kind: 'readings' } as unknown as InputHeader;
    expect(() => encodeRecord(header, new Uint8Array(recordBytesMax))).toThrow(BadRecordError);
  });
});
