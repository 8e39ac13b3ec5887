import { expect, test } from 'vitest';
import { readItems } from '../../evidence/read.ts';
import { citedIn, type Facts, judge } from '../../evidence/rules.ts';

// A complete safety file in small. Each row below spoils one thing of it and must make exactly one fault.
const complete = `
### ALR-STALE — Silence is an alarm
The engine **shall** raise an alert 1 s after the limit.

Class: C · Item: alerting
Controls: HAZ-STALE

### API-AGE — A value comes with its age
A value **shall** come with its age.

Class: B · Item: api · Status: planned
Controls: HAZ-STALE

### SYS-NEED — Somebody asked
The program **shall** start within 15 s.

Class: B · Item: main · Status: planned
Need: quick start

### HAZ-STALE — Old value
It stays on the screen.
**Harm:** death.

Severity: S4 · Controls: ALR-STALE, API-AGE

### HAZ-LEAK — Values in logs
They are read.
**Harm:** loss of privacy.

Severity: S2 · Controls: API-LOG

### API-LOG — No names
Logs **shall** name nobody.

Class: B · Item: api · Status: planned
Controls: HAZ-LEAK

### SOUP-ZOD — zod
Checks. Known anomalies: HAZ-STALE.

Version: 4.6.7 · Reviewed: 2026-11-25 · Items: contract · Class: C
Proven: test/zod.test.ts

### SOUP-PREACT — preact
Draws.

Version: 11.2.0 · Reviewed: 2026-11-25 · Items: api · Class: C · Kind: bundled · Status: planned
Proven: test/preact.test.ts

### SOUP-NODE — Node
Runs.

Version: >=24.12 · Reviewed: 2026-11-25 · Items: main · Class: C · Kind: runtime
Proven: test/zod.test.ts

### ANO-SLOW — Slow
It is slow.

Hazards: HAZ-STALE · Decision: accepted until 0.3.0
Evaluation: known
`;

const facts: Facts = {
  classes: new Map([
    ...['alerting', 'api', 'main', 'contract'].map((name) => [name, 'C'] as const),
    ['simulators', 'A'],
  ]),
  delivered: new Map([['zod', '4.6.7']]),
  tools: new Map([['preact', '11.2.0']]),
  fileExists: (path) => path === 'test/zod.test.ts',
  cited: new Set(['ALR-STALE']),
};

function faultsOf(text: string, change: Partial<Facts> = {}): string[] {
  const { items, faults } = readItems([{ path: 'a.md', text }]);
  return [...faults, ...judge(items, { ...facts, ...change })].map((fault) => fault.message);
}

test('a complete file has no fault', () => {
  expect(faultsOf(complete)).toEqual([]);
});

test.each([
  ['ALR-STALE: needs exactly one **shall**', '1 s after', '1 s, and **shall** tell, after'],
  ['ALR-STALE: needs exactly one **shall**', '1 s after', '1 s, and shall tell, after'],
  ['API-AGE: needs exactly one **shall**', 'value **shall** come', 'value comes'],
  ['API-AGE: has 41 words, at most 40', 'with its age.', `with its age${' word'.repeat(34)}.`],
  ['ALR-STALE: "quickly" says nothing that a test can judge', '1 s after', 'quickly after'],
  ['ALR-STALE: "etc" says nothing that a test can judge', 'the limit.', 'the limit etc.'],
  ['API-LOG: needs Class: A, B or C', 'nobody.\n\nClass: B · Item: api', 'nobody.\n\nItem: api'],
  ['ALR-STALE: Item: "engine" is no top-level folder and not main', 'Item: alerting', 'Item: engine'],
  [
    'API-LOG: class B in an item of class A',
    'nobody.\n\nClass: B · Item: api',
    'nobody.\n\nClass: B · Item: simulators',
  ],
  ['API-LOG: nothing that is delivered is class A', 'nobody.\n\nClass: B', 'nobody.\n\nClass: A'],
  ['SYS-NEED: needs Controls: or Need:', 'Need: quick start\n', ''],
  ['SYS-NEED: controls the unknown hazard HAZ-NONE', 'Need: quick start', 'Controls: HAZ-NONE'],
  ['SYS-NEED: controls HAZ-STALE, which does not name it back', 'Need: quick start', 'Controls: HAZ-STALE'],
  ['SYS-NEED: is not planned, and no test cites it', 'Item: main · Status: planned', 'Item: main'],
  ['SYS-NEED: Status: can only be planned', 'Item: main · Status: planned', 'Item: main · Status: proven'],
  ['HAZ-LEAK: needs Severity: S1 to S4', 'Severity: S2', 'Severity: S5'],
  ['HAZ-LEAK: names no **Harm:**', '**Harm:** loss', 'Loss'],
  ['HAZ-LEAK: names the unknown control API-NONE', 'Controls: API-LOG', 'Controls: API-LOG, API-NONE'],
  ['HAZ-LEAK: names API-AGE, which does not name it back', 'Controls: API-LOG', 'Controls: API-LOG, API-AGE'],
  ['HAZ-STALE: is S4, and its controls all belong to one item', 'Class: B · Item: api', 'Class: B · Item: alerting'],
  ['HAZ-STALE: is S4 without class C control', 'Class: C · Item: alerting', 'Class: B · Item: alerting'],
  ['SOUP-ZOD: has no Reviewed:', 'Version: 4.6.7 · Reviewed: 2026-11-25', 'Version: 4.6.7'],
  ['SOUP-ZOD: reviewed at another version than the locked 4.6.7', 'Version: 4.6.7', 'Version: 4.6.6'],
  ['SOUP-PREACT: reviewed at another version than the locked 11.2.0', 'Version: 11.2.0', 'Version: 11.1.0'],
  ['SOUP-ZOD: names the unknown hazard HAZ-NONE', 'anomalies: HAZ-STALE', 'anomalies: HAZ-NONE'],
  ['SOUP-ZOD: proven by test/none.test.ts, which is not there', 'test/zod.test.ts', 'test/none.test.ts'],
  ['SOUP-PREACT: is planned, but its proof is there', 'test/preact.test.ts', 'test/zod.test.ts'],
  ['SOUP-LEFT: left is no production dependency', '### SOUP-NODE — Node', leftOver('')],
  ['SOUP-LEFT: left is no bundled dependency', '### SOUP-NODE — Node', leftOver(' · Kind: bundled')],
  ['ANO-SLOW: has no Evaluation:', 'Evaluation: known\n', ''],
  ['ANO-SLOW: names the unknown hazard HAZ-NONE', 'Hazards: HAZ-STALE', 'Hazards: HAZ-NONE'],
  ['ANO-SLOW: has no decision: later', 'accepted until 0.3.0', 'later'],
])('%s', (fault, from, to) => {
  expect(complete).toContain(from);
  expect(faultsOf(complete.replace(from, to))).toEqual([fault]);
});

test('a hazard without control, and what named it', () => {
  const text = complete.replace('Severity: S2 · Controls: API-LOG', 'Severity: S2');
  expect(faultsOf(text)).toEqual([
    'HAZ-LEAK: has no control',
    'API-LOG: controls HAZ-LEAK, which does not name it back',
  ]);
});

test('a delivered package without review', () => {
  const delivered = new Map([...facts.delivered, ['aedes', '1.2.0']]);
  expect(faultsOf(complete, { delivered })).toEqual(['aedes has no entry in safety/soup.md']);
});

test('a retired item demands nothing', () => {
  expect(faultsOf(`${complete}\n## Retired\n### ALR-OLD — Old\nIt was so.\n`)).toEqual([]);
});

test('tags are found in a test of one line and of several', () => {
  const text = `test('a', { tags: ['ALR-STALE'] }, () => {});
    test('b', {
      tags: [
        'API-AGE',
        "SYS-SAFE",
      ],
    }, () => {});
    // ALR-CLOCK in prose is no citation`;
  expect(citedIn(text)).toEqual(['ALR-STALE', 'API-AGE', 'SYS-SAFE']);
});

function leftOver(kind: string): string {
  const fields = `Version: 1.0.0 · Reviewed: 2026-11-25 · Items: api · Class: C${kind}`;
  return `### SOUP-LEFT — left\nWas used.\n\n${fields}\nProven: test/zod.test.ts\n\n### SOUP-NODE — Node`;
}
