import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dataKinds, dataTopic, heartbeatTopic, statusTopic } from '../../../../contract/index.ts';
import { permit } from '../../../../ingest/broker/permit.ts';

const sender = { realm: 'test', id: 'gw-1' } as const;
const bound = new Set(['d-1', 'd-2']);
const of = (topic: string) => permit(topic, sender, (device) => bound.has(device));

/** The exact set, made from the contract's own functions. */
const exactSet = [
  statusTopic('test', 'gw-1'),
  heartbeatTopic('test', 'gw-1'),
  ...['gw-1', 'd-1', 'd-2'].flatMap((device) =>
    (['live', 'late'] as const).flatMap((lane) =>
      dataKinds.map((kind) => dataTopic('test', 'gw-1', device, kind, lane)),
    ),
  ),
];

describe('a sender has an exact set of topics', { tags: ['BRK-AUTH'] }, () => {
  test('all of it is allowed, and is what its name says', () => {
    const kinds = exactSet.map((topic) => of(topic).kind);
    expect([exactSet.length, kinds]).toEqual([
      26,
      ['status', 'heartbeat', ...Array.from({ length: 24 }, () => 'data')],
    ]);
    expect(of('vigil/1/test/gw-1/d-2/late/waveform')).toEqual({
      kind: 'data',
      data: 'waveform',
      lane: 'late',
      device: 'd-2',
    });
  });

  test('an unbound device under its own name is no crime, and not allowed', () => {
    expect(of('vigil/1/test/gw-1/d-3/late/readings')).toEqual({ kind: 'unbound', data: 'readings', device: 'd-3' });
  });

  test.for([
    ['another sender', 'vigil/1/test/gw-2/d-1/readings'],
    ['another sender’s status', 'vigil/1/test/gw-2/status'],
    ['the other realm', 'vigil/1/clinical/gw-1/d-1/readings'],
    ['another version', 'vigil/2/test/gw-1/d-1/readings'],
    ['an unknown kind', 'vigil/1/test/gw-1/d-1/commands'],
    ['no kind', 'vigil/1/test/gw-1/d-1'],
    ['another lane', 'vigil/1/test/gw-1/d-1/soon/readings'],
    ['two lanes', 'vigil/1/test/gw-1/d-1/late/late/readings'],
    ['a leading slash', '/vigil/1/test/gw-1/d-1/readings'],
    ['a trailing slash', 'vigil/1/test/gw-1/d-1/readings/'],
    ['an empty level', 'vigil/1/test/gw-1//readings'],
    ['a level more', 'vigil/1/test/gw-1/d-1/readings/x'],
    ['many levels', `vigil/1/test/gw-1/d-1${'/x'.repeat(200)}/readings`],
    ['another case', 'Vigil/1/test/gw-1/d-1/readings'],
    ['a wildcard', 'vigil/1/test/gw-1/+/readings'],
    ['all', '#'],
    ['the broker’s own', '$SYS/gw-1/heartbeat'],
    ['a look-alike', 'vigil/1/test/gw-1/d-1/readіngs'],
    ['a combining mark', 'vigil/1/test/gw-1/d-1\u0301/readings'],
    ['a NUL', 'vigil/1/test/gw-1/d-1\0/readings'],
    ['a path upwards', 'vigil/1/test/gw-1/../gw-2/readings'],
    ['nothing', ''],
  ] as const)('%s is forbidden', ([, topic]) => {
    expect(of(topic)).toEqual({ kind: 'forbidden' });
  });

  test('no other string is allowed, however near it is', () => {
    const allowed = new Set(exactSet);
    const near = fc
      .tuple(fc.constantFrom(...exactSet), fc.nat(60), fc.constantFrom('', '/', '+', '#', 'a', 'late/', '\u200b'))
      .map(([topic, at, what]) => topic.slice(0, at) + what + topic.slice(at + (what === '' ? 1 : 0)));
    const run = fc.check(
      fc.property(fc.oneof(near, fc.string()), (topic) => {
        const { kind } = of(topic);
        return (kind === 'data' || kind === 'status' || kind === 'heartbeat') === allowed.has(topic);
      }),
      { numRuns: 5_000, seed: 20_260_301 },
    );
    expect(run.failed ? fc.stringify(run.counterexample) : 'held').toBe('held');
  });
});
