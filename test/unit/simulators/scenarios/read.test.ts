import { describe, expect, test } from 'vitest';
import { readScenario, ScenarioError } from '../../../../simulators/index.ts';

const vocabulary = { rules: ['spo2-low', 'spo2-very-low', 'urgent-low'], families: ['spo2-low', 'glucose-low'] };
const read = (text: string) => readScenario(text, 'a.yaml', () => vocabulary);

function faultsOf(text: string): readonly string[] {
  try {
    read(text);
    return [];
  } catch (error) {
    if (error instanceof ScenarioError) return error.faults;
    throw error;
  }
}

/** A scenario that is fine but for these rows. */
const scenario = (given: readonly string[], expected: readonly string[] = ['[end, quiet]'], more = '') =>
  `name: x\n${more}given:${rows(given)}expect:${rows(expected)}`;
const rows = (all: readonly string[]) => (all.length === 0 ? ' []\n' : `\n${all.map((row) => `- ${row}\n`).join('')}`);

describe('a scenario', () => {
  test('is what the design page shows', { tags: ['ALR-REPLAY'] }, () => {
    const {
      name,
      devices,
      given,
      expect: expected,
      endMs,
      proves,
    } = read(`name: the probe comes off
devices: [{ id: ox-1, model: oximeter, patient: p-1, every: 1s, transport: mqtt }]
given:
- [0s, spo2, 95]
- [10s, spo2, 86, over 5s] # ramp
- [40s, probe, off]
- [50s, acknowledge, spo2-low, by nurse-1]
- [60s, gateway, lost, for 30s]
expect:
- [29s, raised, spo2-very-low, high]
- [40s..45s, raised, probe-off]
- [never, cleared, spo2-low]
- [75s, state, spo2, not-monitored]
proves: [ALR-LATCH, ALR-TECH]
`);
    expect([name, endMs, proves]).toEqual(['the probe comes off', 90_000, ['ALR-LATCH', 'ALR-TECH']]);
    expect(devices).toEqual([
      {
        id: 'ox-1',
        model: 'oximeter',
        patient: 'p-1',
        gateway: 'ox-1',
        firstWithinMs: 120_000,
        signals: [{ name: 'spo2', everyMs: 1_000 }],
      },
    ]);
    expect(given.map(({ atMs, what }) => [atMs, what])).toEqual([
      [0, 'value'],
      [10_000, 'value'],
      [40_000, 'probe'],
      [50_000, 'acknowledge'],
      [60_000, 'gateway'],
    ]);
    expect(given[1]).toMatchObject({ overMs: 5_000, says: { value: 86, unit: '%' }, place: 'a.yaml:5:3' });
    expect(expected.map(({ when }) => when)).toEqual([
      { kind: 'at', fromMs: 29_000, toMs: 29_000 },
      { kind: 'at', fromMs: 40_000, toMs: 45_000 },
      { kind: 'never' },
      { kind: 'at', fromMs: 75_000, toMs: 75_000 },
    ]);
    expect(expected[1]).toMatchObject({ what: 'event', type: 'raised', alert: { name: 'lead-off' } });
  });

  test('needs no devices: there is one of each model that its signals need', { tags: ['ALR-REPLAY'] }, () => {
    const { devices } = read(scenario(['[0s, glucose, 120]', '[0s, pulse, 70]', '[0s, II, on]']));
    expect(devices.map(({ id, signals }) => [id, ...signals.map(({ name }) => name)])).toEqual([
      ['oximeter-1', 'pulse'],
      ['cgm-1', 'glucose'],
      ['ecg-1', 'II'],
    ]);
  });

  test.for([
    ['[1h30m, spo2, 95]', 5_400_000],
    ['[500ms, spo2, 95]', 500],
    ['[1m1.5s, spo2, 95]', 61_500],
  ] as const)('knows the time in %s', { tags: ['ALR-REPLAY'] }, ([row, atMs]) => {
    expect(read(scenario([row])).given[0]?.atMs).toBe(atMs);
  });

  test.for([
    ['[0s, glucose, 3.9 mmol/L]', { value: 3.9, unit: 'mmol/L' }],
    ['[0s, glucose, LOW]', { bound: 'below' }],
    ['[0s, glucose, HIGH]', { bound: 'above' }],
    ['[0s, spo2, NaN]', { absent: 'not-a-number' }],
    ['[0s, spo2, .nan]', { absent: 'not-a-number' }],
    ['[0s, spo2, sensor-fault]', { absent: 'sensor-fault' }],
  ] as const)('knows the value in %s', { tags: ['CON-ABSENT'] }, ([row, says]) => {
    expect(read(scenario([row])).given[0]).toMatchObject({ says });
  });
});

describe('a fault is named with its place and what was expected:', () => {
  const cases: readonly (readonly [what: string, text: string, faults: readonly RegExp[]])[] = [
    ['no YAML', 'name: [x', [/^a\.yaml:1:\d+ Flow sequence/]],
    ['an empty file', '', [/^a\.yaml:1:1 name: /, /^a\.yaml:1:1 given: /, /^a\.yaml:1:1 expect: /]],
    ['an unknown key', `${scenario([])}expects: []\n`, [/^a\.yaml:5:1 expects: unknown key, did you mean expect\?$/]],
    [
      'an unknown key of a device',
      scenario([], ['[end, quiet]'], 'devices: [{ id: a, model: cgm, pateint: p-1 }]\n'),
      [/^a\.yaml:2:32 pateint: unknown key, did you mean patient\?$/],
    ],
    ['an unknown act', scenario(['[0s, spo3, 95]']), [/^a\.yaml:3:8 given: spo3 is no thing.*, did you mean spo2\?$/]],
    ['no time', scenario(['[soon, spo2, 95]']), [/^a\.yaml:3:4 given: soon: expected a time, such as 29s/]],
    ['no value', scenario(['[0s, spo2]']), [/^a\.yaml:3:8 given: expected a value after this$/]],
    ['another unit', scenario(['[0s, spo2, 95 kPa]']), [/^a\.yaml:3:14 given: kPa is no unit of spo2, expected %$/]],
    ['an unknown option', scenario(['[0s, spo2, 95, ovr 5s]']), [/^a\.yaml:3:18 given: ovr 5s .*did you mean over\?$/]],
    ['an option twice', scenario(['[0s, spo2, 95, over 5s, over 6s]']), [/: over is said twice$/]],
    [
      'an unknown rule',
      scenario([], ['[1s, raised, spo2-verylow]']),
      [/^a\.yaml:4:16 .*did you mean spo2-very-low\?$/],
    ],
    ['an unknown event', scenario([], ['[1s, rised, spo2-low]']), [/^a\.yaml:4:8 .*did you mean raised\?$/]],
    ['a span that ends before it begins', scenario([], ['[9s..4s, raised, spo2-low]']), [/ends before it begins$/]],
    [
      'a state of the end at a time',
      scenario([], ['[9s, quiet]']),
      [/^a\.yaml:4:8 expect: quiet is asked at the end only$/],
    ],
    [
      'which device',
      scenario(['[0s, spo2, 95]', '[0s, pulse, 60]', '[0s, glucose, 99]', '[1s, probe, off]']),
      [/which device\? say/],
    ],
    [
      'two devices of one name',
      scenario([], ['[end, quiet]'], 'devices: [{ id: a, model: cgm }, { id: a, model: cuff }]\n'),
      [/^a\.yaml:2:\d+ devices: a is named twice$/],
    ],
    ['two rows at once', scenario(['[x, spo2, 1]', '[0s, y, 1]']), [/^a\.yaml:3:4 /, /^a\.yaml:4:8 /]],
  ];
  test.for(cases)('%s', { tags: ['ALR-REPLAY'] }, ([, text, expected]) => {
    const faults = faultsOf(text);
    expect(faults).toHaveLength(expected.length);
    for (const [i, form] of expected.entries()) expect(faults[i]).toMatch(form);
  });
});

describe('what is not there yet is refused by name, never ignored:', () => {
  test.for([
    ['[0s, rhythm, asystole]', /rhythm: rhythms are not judged yet/],
    ['[0s, II, vfib]', /rhythms are not judged yet/],
    ['[0s, pause, spo2-low]', /pausing an alert is not judged yet/],
    ['[0s, standby, p-1]', /standby is not judged yet/],
    ['[0s, limit, spo2]', /limits of one patient are not judged yet/],
    ['[0s, store, lost]', /cannot be played in virtual time yet/],
    ['[0s, gateway, frozen]', /gateway frozen cannot be played in virtual time yet; lost can/],
    ['[0s, engine, slow]', /engine slow cannot be played/],
  ] as const)('%s', { tags: ['ALR-REPLAY'] }, ([row, fault]) => {
    expect(faultsOf(scenario(['[0s, spo2, 95]', row])).join()).toMatch(fault);
  });

  test.for(['escalated', 'paused', 'inhibited', 'retrospective', 'latency'])(
    '%s',
    { tags: ['ALR-REPLAY'] },
    (event) => {
      expect(faultsOf(scenario([], [`[never, ${event}, spo2-low]`])).join()).toBe(
        `a.yaml:4:11 expect: ${event}: not judged yet`,
      );
    },
  );
});
