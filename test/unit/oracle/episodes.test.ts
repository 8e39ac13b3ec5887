// The life of an alert (`alerting.md` 4) and silence (2.7, 2.9, 6) as the oracle tells them, worked out on paper.
import { describe, expect, test } from 'vitest';
import { arrived, cgm, minute, oximeter, rules, signal, story, times } from './story.ts';

const ladder = [
  { id: 'low', family: 'sugar', vitals: ['glucose'], below: '70 mg/dL', priority: 'medium' },
  { id: 'urgent', family: 'sugar', vitals: ['glucose'], below: '54 mg/dL', priority: 'high', latching: true },
];
const until = (text: string) => Number(text) * minute;

describe('an alert', () => {
  test('is raised by the worst rule, worsens and eases', () => {
    const plain = ladder.map((rule) => ({ ...rule, latching: false }));
    expect(story({ signals: [cgm(60, 50, 60, 70, 50)], rules: rules(...plain), until: until('26') })).toEqual([
      '300s raised sugar low medium',
      '600s worsened sugar urgent high',
      '900s eased sugar low medium peak high',
      '1200s closed sugar low medium peak high',
      '1500s raised sugar urgent high',
    ]);
  });

  test('latches once a latching rule was true, goes on when true again, and latches again', () => {
    expect(story({ signals: [cgm(50, 60, 80, 65, 80)], rules: rules(...ladder), until: until('26') })).toEqual([
      '300s raised sugar urgent high',
      '600s eased sugar low medium peak high',
      '900s latched sugar low medium peak high',
      '1200s reasserted sugar low medium peak high',
      '1500s latched sugar low medium peak high',
    ]);
  });

  test('is true while it is true for any signal', () => {
    const rate = { family: 'rate', vitals: ['hr', 'pulse'], above: '120 /min' };
    const hr = signal('hr', 1_000, [130, 130, 100, 100, 100]);
    const pulse = signal('pulse', 1_000, [100, 130, 130, 130, 100]);
    expect(story({ signals: [hr, pulse], rules: rules(rate), until: 6_000 })).toEqual([
      '1s raised rate r0 medium',
      '5s closed rate r0 medium',
    ]);
  });

  test('of high priority waits for a person when the device is taken off', () => {
    const given = { signals: [cgm(50)], rules: rules(...ladder), until: until('7'), to: until('6') };
    expect(story(given)).toEqual(['300s raised sugar urgent high', '360s latched sugar urgent high']);
  });
});

describe('silence', () => {
  const none = rules({ vitals: ['glucose', 'spo2'], below: '10 %' });

  test('is told when less than well for 30 s, lost, and for long', () => {
    expect(story({ signals: [cgm(100)], rules: none, until: until('26') })).toEqual([
      '930s raised degraded low',
      '1200s closed degraded low',
      '1200s raised stale low',
      '1500s worsened stale medium',
    ]);
  });

  test('counts from the tick before the reading', () => {
    const late = { ...oximeter(), arrivals: [arrived(1_499, 97)] };
    expect(story({ signals: [late], rules: none, until: 31_500 })).toEqual(['31s raised stale low']);
  });

  test('is not yet told by a tick before its deadline', () => {
    const late = { ...oximeter(), arrivals: [arrived(1_499, 97)] };
    expect(story({ signals: [late], rules: none, until: 30_999 })).toEqual([]);
  });

  test('that a reading ends before the next tick is none', () => {
    const ticks = { from: 250, everyMs: 500 };
    const arrivals = [arrived(1_000, 97), arrived(30_800, 97)];
    expect(ticks.from).toBe(250);
    expect(story({ signals: [{ ...oximeter(), arrivals }], rules: none, until: 31_000 })).toEqual([]);
  });

  test('of a fast signal ends after 5 s of readings, of a slow one at the first', () => {
    expect(story({ signals: [oximeter(97, ...times(30, null), ...times(6, 97))], rules: none, until: 40_000 })).toEqual(
      ['31s raised stale low', '37s closed stale low'],
    );
    const arrivals = [arrived(5 * minute, 100), arrived(19 * minute, 100)];
    expect(story({ signals: [{ ...cgm(), arrivals }], rules: none, until: until('21') })).toEqual([
      '930s raised degraded low',
      '1140s closed degraded low',
    ]);
    expect(story({ signals: [cgm(100, null, null, null, 100)], rules: none, until: until('26') }).slice(2)).toEqual([
      '1200s raised stale low',
      '1500s worsened stale medium',
      '1500s closed stale medium',
    ]);
  });

  test('with messages that say nothing is a poor signal', () => {
    expect(story({ signals: [oximeter(97, ...times(40, Number.NaN))], rules: none, until: 40_000 })).toEqual([
      '31s raised poor-signal low',
    ]);
  });

  test('is high at once while an alert of its signal is open, and the alert says that its data are lost', () => {
    expect(story({ signals: [cgm(60, null, null, null, 60)], rules: rules(...ladder), until: until('26') })).toEqual([
      '300s raised sugar low medium',
      '930s raised degraded low',
      '1200s data-lost sugar low medium',
      '1200s closed degraded low',
      '1200s raised stale high',
      '1500s data-back sugar low medium',
      '1500s closed stale high',
    ]);
  });

  test('is high at once after a glucose below 80 that fell, and not after one that rose', () => {
    const told = (...readings: number[]) =>
      story({ signals: [cgm(...readings)], rules: none, until: until('26') }).at(2);
    expect(told(85, 79)).toBe('1500s raised stale high');
    expect(told(78, 79)).toBe('1500s raised stale low');
    expect(told(85, 80)).toBe('1500s raised stale low');
  });

  test('from the beginning is told after the time for a first reading', () => {
    expect(story({ signals: [oximeter()], rules: none, until: 130_000 })).toEqual(['120s raised stale low']);
  });

  test('of what nobody wears any more is none', () => {
    expect(story({ signals: [oximeter(97)], rules: none, until: 60_000, to: 20_000 })).toEqual([]);
    expect(story({ signals: [oximeter(97)], rules: none, until: 60_000, to: 40_000 })).toEqual([
      '31s raised stale low',
      '40s closed stale low',
    ]);
  });
});

test('a signal that no rule looks at is less than well', () => {
  const resp = signal('resp', 1_000, times(40, 14));
  expect(story({ signals: [resp], rules: rules({ vitals: ['spo2'], below: '90 %' }), until: 40_000 })).toEqual([
    '31s raised degraded low',
  ]);
});

test('a copy of an instant and a reading that is older change nothing', () => {
  const arrivals = [
    arrived(5 * minute, 60),
    arrived(5 * minute, 100),
    arrived(4 * minute, 100),
    arrived(10 * minute, 61),
  ];
  const two = rules({ family: 'low', vitals: ['glucose'], below: '70 mg/dL', readings: 2 });
  expect(story({ signals: [{ ...cgm(), arrivals }], rules: two, until: until('11') })).toEqual([
    '600s raised low r0 medium',
  ]);
});
