import { describe, expect, test } from 'vitest';
import { listOf, readItems, readTable } from '../../evidence/read.ts';

const stale = `# Alerting

### ALR-STALE — Silence is an alarm
When a signal is silent
the engine **shall** raise: an alert.

Class: C · Item: alerting · Status: planned
Controls: HAZ-STALE, HAZ-CLOCK-SKEW
`;

function read(text: string, path = 'a.md') {
  return readItems([{ path, text }]);
}

function faultOf(text: string): string[] {
  return read(text).faults.map((fault) => `${fault.path}:${fault.line}: ${fault.message}`);
}

describe('an item', () => {
  test('has an ID, a title, a text and fields', () => {
    const { items, faults } = read(stale);
    const [item] = items;
    expect(faults).toEqual([]);
    expect(items).toHaveLength(1);
    expect(item).toMatchObject({ id: 'ALR-STALE', kind: 'requirement', title: 'Silence is an alarm', line: 3 });
    expect(item?.text).toBe('When a signal is silent\nthe engine **shall** raise: an alert.');
    expect(item?.fields.get('Item')).toBe('alerting');
    expect(item === undefined ? [] : listOf(item, 'Controls')).toEqual(['HAZ-STALE', 'HAZ-CLOCK-SKEW']);
  });

  test.each(['# One', '## Two', '### HAZ-NEXT — Three'])('ends at the next heading: %s', (heading) => {
    const { items } = read(`${stale}\n${heading}\n\nNeed: quick start\n`);
    expect(items[0]?.fields.has('Need')).toBe(false);
  });

  test('goes on over a heading of level 4', () => {
    const [item] = read('### HAZ-STALE — Old\n#### Detail\n\nSeverity: S4\n').items;
    expect(item?.fields.get('Severity')).toBe('S4');
  });

  test.each([
    ['CON-A', 'requirement'],
    ['OPS-A', 'requirement'],
    ['HAZ-A', 'hazard'],
    ['SOUP-X509-A', 'soup'],
    ['ANO-A', 'anomaly'],
  ])('%s is a %s', (id, kind) => {
    expect(read(`### ${id} — Title\n`).items[0]?.kind).toBe(kind);
  });

  test('is retired under that heading, until the next', () => {
    const text = '## Retired\n### ALR-OLD — Old\n## More\n### ALR-NEW — New\n';
    expect(read(text).items.map((item) => item.retired)).toEqual([true, false]);
  });

  test('may speak in words before a colon: they are fields only when one capitalised word begins the line', () => {
    const text = '### HAZ-STALE — Old\nKnown anomalies: none.\n**Harm:** death.\nso: it is text.\n\nSeverity: S4\n';
    expect(faultOf(text)).toEqual([]);
  });
});

describe('a fault names its line', () => {
  test.each([
    ['a heading without ID', '### Silence\n', 'a.md:1: no item: ### Silence'],
    ['a hyphen for the dash', '### ALR-A - Title\n', 'a.md:1: no item: ### ALR-A - Title'],
    ['an unknown prefix', '\n### FOO-A — Title\n', 'a.md:2: no item: ### FOO-A — Title'],
    ['no title', '### ALR-A — \n', 'a.md:1: no item: ### ALR-A — '],
    ['an unknown field', '### ALR-A — T\n\nClass: C · Mood: good\n', 'a.md:3: ALR-A: unknown field Mood'],
    ["another kind's field", '### ALR-A — T\nSeverity: S4\n', 'a.md:2: ALR-A: unknown field Severity'],
    ['a doubled field', '### ALR-A — T\nClass: C\nClass: B\n', 'a.md:3: ALR-A: field Class stands twice'],
    ['an empty field', '### ALR-A — T\nClass:\n', 'a.md:2: ALR-A: field Class is empty'],
    ['a part that is no field', '### ALR-A — T\nClass: C · planned\n', 'a.md:2: ALR-A: unknown field planned'],
    ['an ID twice', '### ALR-A — T\n\n### ALR-A — U\n', 'a.md:3: ALR-A is defined at a.md:1'],
    [
      'a retired ID again',
      '### ALR-A — T\n## Retired\n### ALR-A — U\n',
      'a.md:3: ALR-A is defined at a.md:1, retired: a changed meaning takes a new ID',
    ],
  ])('%s', (_, text, fault) => {
    expect(faultOf(text)).toEqual([fault]);
  });

  test('an ID in two files', () => {
    const { items, faults } = readItems([
      { path: 'a.md', text: '### ALR-A — T\n' },
      { path: 'b.md', text: '\n### ALR-A — T\n' },
    ]);
    expect(items).toHaveLength(1);
    expect(faults).toEqual([{ path: 'b.md', line: 2, message: 'ALR-A is defined at a.md:1' }]);
  });
});

describe('a table', () => {
  const text =
    'x\n\n| item | folder | class |\n| --- | --- | --- |\n| engine | `alerting/core` | C |\n| api | api | C |\n\n';

  test('is found by its columns, and read without backquotes', () => {
    expect(readTable(text, ['item', 'folder'])).toEqual([
      { line: 5, cells: ['engine', 'alerting/core', 'C'] },
      { line: 6, cells: ['api', 'api', 'C'] },
    ]);
  });

  test('that is not there has no rows', () => {
    expect(readTable(text, ['item', 'colour'])).toEqual([]);
  });
});
