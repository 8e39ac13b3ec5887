import { describe, expect, test } from 'vitest';
import { isPassed, jsonLines, junitXml, reportLines, type ScenarioResult } from '../../../../simulators/index.ts';

const scenario: ScenarioResult['scenario'] = {
  file: 'a.yaml',
  name: 'low & <lower> "quoted" \u0001',
  seed: null,
  rulesFile: null,
  toleranceMs: 1_000,
  endMs: 75_000,
  devices: [],
  given: [],
  expect: [],
  proves: ['ALR-LIMIT'],
};
const verdict = (ok: boolean) => ({
  row: null,
  text: '[29s, raised, spo2-low]',
  place: 'a.yaml:9:3',
  expected: 'raised spo2-low at 29s',
  ok,
  happened: ok ? [] : ['31s raised spo2-low medium', 'a < b & c'],
});
const played = { events: [], changes: [], refused: [], missed: [], stored: new Map<string, number>() };
const result: ScenarioResult = { scenario, seed: 3, verdicts: [verdict(true), verdict(false)], played, tookMs: 1_234 };

/** A strict reading of the few forms that the report has; throws for anything else. */
function elementsOf(xml: string): string[] {
  const open: string[] = [];
  const names: string[] = [];
  const attribute = /\s+([a-z]+)="([^"<&]|&(?:amp|lt|gt|quot);)*"/y;
  let at = xml.indexOf('?>') + 2;
  const text = () => {
    const end = xml.indexOf('<', at);
    const between = xml.slice(at, end < 0 ? undefined : end);
    if (/&(?!amp;|lt;|gt;|quot;)/.test(between)) throw new Error(`a bare & in ${between}`);
    at = end < 0 ? xml.length : end;
  };
  for (text(); at < xml.length; text()) {
    const closing = /<\/([a-z]+)>/y;
    closing.lastIndex = at;
    const closed = closing.exec(xml);
    if (closed) {
      if (open.pop() !== closed[1]) throw new Error(`</${closed[1]}> closes nothing`);
      at = closing.lastIndex;
      continue;
    }
    const opening = /<([a-z]+)/y;
    opening.lastIndex = at;
    const opened = opening.exec(xml);
    if (!opened) throw new Error(`no element at ${xml.slice(at, at + 40)}`);
    at = opening.lastIndex;
    names.push(opened[1] as string);
    for (attribute.lastIndex = at; attribute.exec(xml); attribute.lastIndex = at) at = attribute.lastIndex;
    const empty = xml.startsWith('/>', at);
    if (!empty && xml[at] !== '>') throw new Error(`no attribute at ${xml.slice(at, at + 40)}`);
    if (!empty) open.push(opened[1] as string);
    at += empty ? 2 : 1;
  }
  if (open.length > 0) throw new Error(`${open.join()} is left open`);
  return names;
}

describe('the report of a run', () => {
  test('says what was expected and what happened', { tags: ['ALR-REPLAY'] }, () => {
    expect(isPassed(result)).toBe(false);
    expect(reportLines(result).slice(1, 6)).toEqual([
      '    ✓ [29s, raised, spo2-low]',
      '    ✗ [29s, raised, spo2-low]   a.yaml:9:3',
      '        expected: raised spo2-low at 29s',
      '        happened: 31s raised spo2-low medium',
      '                  a < b & c',
    ]);
    const passed = { ...result, verdicts: [verdict(true)] };
    expect([isPassed(passed), reportLines(passed)]).toEqual([
      true,
      [`✓ ${scenario.name} (1 expectations over 1m15s in 1234 ms, seed 3)`],
    ]);
  });

  test('as JUnit is well formed whatever names hold: a suite for a scenario, a case for a row', {
    tags: ['ALR-REPLAY'],
  }, () => {
    const xml = junitXml([result, result]);
    const suite = ['testsuite', 'properties', 'property', 'property', 'testcase', 'testcase', 'failure'];
    expect(elementsOf(xml)).toEqual(['testsuites', ...suite, ...suite]);
    expect(xml).toContain('<testsuites name="vigil test" tests="4" failures="2"');
    expect(xml).toContain('name="low &amp; &lt;lower&gt; &quot;quoted&quot; ?"');
    expect(() => elementsOf(xml.replace('</testcase>', ''))).toThrow();
  });

  test('as JSON lines has one object a row', { tags: ['ALR-REPLAY'] }, () => {
    const rows = jsonLines(result).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(rows.map(({ schema, seed, ok, place }) => [schema, seed, ok, place])).toEqual([
      ['vigil.test/1', 3, true, 'a.yaml:9:3'],
      ['vigil.test/1', 3, false, 'a.yaml:9:3'],
    ]);
  });
});
