import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readItems, readTable } from './evidence/read.ts';
import { safetyFile } from './evidence/safety-folder.ts';
import { judge, pureFolder, type Rules } from './layout/judge.ts';
import { columns, driversOf, rowFor, rowsOf } from './layout/table.ts';
import { readTree } from './layout/tree.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const architecture = safetyFile('architecture.md');

/** Rules of the real project. */
function projectRules(): Rules {
  const manifest = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
  const names = (field: string): string[] => Object.keys(manifest[field] ?? {});
  const bundled = readItems([safetyFile('soup.md')]).items.filter((item) => item.fields.get('Kind') === 'bundled');
  return {
    rows: rowsOf(architecture),
    product: new Set([
      ...names('dependencies'),
      ...names('optionalDependencies'),
      ...bundled.map((item) => item.title),
    ]),
    tools: new Set(names('devDependencies')),
    drivers: driversOf(architecture),
  };
}

describe('the project', () => {
  test('follows the table of imports in safety/architecture.md', () => {
    const rules = projectRules();
    expect(rules.rows.length).toBeGreaterThan(10);
    expect(rules.drivers.size).toBeGreaterThan(0);
    expect(judge(readTree(root), rules)).toEqual([]);
  });

  test('has a pure core with a row of its own, that may import contract and nothing else', () => {
    const row = rowFor(rowsOf(architecture), `${pureFolder}/engine.ts`);
    expect(row).toMatchObject({ folder: pureFolder, class: 'C', ours: ['contract'], packages: [] });
  });

  test('allows no folder what would close a cycle of folders', () => {
    const rows = rowsOf(architecture).filter((row) => !row.ours.includes('anything') && row.item !== 'main');
    const reach = (folder: string, seen: Set<string>): Set<string> => {
      const ours = rows.filter((row) => row.folder === folder).flatMap((row) => row.ours);
      for (const next of ours.filter((name) => !seen.has(name))) reach(next, seen.add(next));
      return seen;
    };
    const inCycles = rows.filter((row) => reach(row.folder, new Set()).has(row.folder));
    expect(inCycles.map((row) => row.folder)).toEqual([]);
  });
});

// A small project that breaks no rule. Each row below plants one thing in it and must make exactly one finding.
const table = `| ${columns.join(' | ')} |
| --- | --- | --- | --- | --- | --- |
| contract | contract | C | none | zod | - |
| engine | alerting/core | C | contract | none | - |
| alerting | alerting | C | contract, alerting/core | node:* | - |
| ingest | ingest | C | contract | aedes, @x/y, node:net | - |
| store writer | ingest/store | B | contract, contract/time.ts | node:* | - |
| gateway | gateway (planned) | C | contract | none | - |
| test | test | A | anything | anything | - |
| main | *.ts, bin | C | ingest, alerting | zod | - |

| library | imported only by |
| --- | --- |
| \`aedes\` | \`ingest/broker.ts\` |
`;
const source = { path: 'safety/architecture.md', text: table };
const rules: Rules = {
  rows: rowsOf(source),
  product: new Set(['zod', 'aedes', '@x/y']),
  tools: new Set(['vitest']),
  drivers: driversOf(source),
};
const sound: Readonly<Record<string, string>> = {
  'contract/index.ts': "export * from './time.ts';",
  'contract/time.ts': "// Why.\nimport { z } from 'zod'; export const T = z.number();",
  'alerting/core/index.ts': "export * from './engine.ts';",
  'alerting/core/engine.ts':
    '/* Why. */ import type { T } from "../../contract/index.ts"; export const m = (a: T) => Math.max(1, a.Date);',
  'alerting/index.ts': "export * from './host.ts';",
  'alerting/host.ts':
    "// Why.\nimport './core/index.ts'; import '../contract/index.ts'; new URL('./watchdog.ts', import.meta.url); Date.now();",
  'alerting/watchdog.ts': "// Why.\nimport type { } from './host.ts'; import 'node:worker_threads';",
  'ingest/index.ts': "export * from './broker.ts';",
  'ingest/broker.ts':
    "// import './nothing.ts' in a comment\nimport 'aedes'; import '@x/y/deep'; const s = `import('q')`;",
  'ingest/store/index.ts': "import '../../contract/time.ts'; new URL('../../data/', import.meta.url);",
  'test/a.test.ts': "import '../ingest/broker.ts'; import 'vitest'; await import('zod');",
  'main.ts': "#!/usr/bin/env node\n// Why.\nawait import('./ingest/index.ts'); import './bin/run.js';",
  'bin/run.js': '// Why.\nexport const run = 1;',
  'README.md': '',
};

/** Findings after some files were replaced or added. */
function findingsWith(planted: Readonly<Record<string, string>>): string[] {
  return judge(new Map(Object.entries({ ...sound, ...planted })), rules);
}

describe('a planted violation makes one finding', () => {
  test('and without one there is none', () => {
    expect(findingsWith({})).toEqual([]);
    expect(readTable(table, columns)).toHaveLength(8);
  });

  const broker = (code: string) => ({ 'ingest/b.ts': `// Why.\n${code}` });
  const core = (code: string) => ({ 'alerting/core/x.ts': `// Why.\n${code}` });
  const forbidden = 'ingest may not import alerting (alerting/index.ts)';

  test.each([
    ['a static import', broker("import { a } from '../alerting/index.ts';"), `ingest/b.ts:2: ${forbidden}`],
    ['an import for its effect', broker("import '../alerting/index.ts';"), `ingest/b.ts:2: ${forbidden}`],
    ['a type import', broker("import type { A } from '../alerting/index.ts';"), `ingest/b.ts:2: ${forbidden}`],
    ['an inline type import', broker("let a: import('../alerting/index.ts').A;"), `ingest/b.ts:2: ${forbidden}`],
    ['export from', broker("export { a } from '../alerting/index.ts';"), `ingest/b.ts:2: ${forbidden}`],
    ['export all', broker("export * from '../alerting/index.ts';"), `ingest/b.ts:2: ${forbidden}`],
    ['export type', broker("export type { A } from '../alerting/index.ts';"), `ingest/b.ts:2: ${forbidden}`],
    ['a dynamic import', broker("\nawait import('../alerting/index.ts');"), `ingest/b.ts:3: ${forbidden}`],
    ['one in a template', broker('await import(`../alerting/index.ts`);'), `ingest/b.ts:2: ${forbidden}`],
    ['a require', broker("require('../alerting/index.ts');"), `ingest/b.ts:2: ${forbidden}`],
    ['an import by require', broker("import a = require('../alerting/index.ts');"), `ingest/b.ts:2: ${forbidden}`],
    [
      'a worker',
      broker("new Worker(new URL('../alerting/index.ts', import.meta.url));"),
      `ingest/b.ts:2: ${forbidden}`,
    ],
    ['a resolved path', broker("import.meta.resolve('../alerting/index.ts');"), `ingest/b.ts:2: ${forbidden}`],
    [
      'JSX',
      { 'ingest/b.tsx': "// Why.\nimport '../alerting/index.ts'; const b = <p>1</p>;" },
      `ingest/b.tsx:2: ${forbidden}`,
    ],
    [
      'an import that is computed',
      broker('await import(name);'),
      'ingest/b.ts:2: imports what it computes: only a literal can be judged',
    ],
    ['a file that is not there', broker("import './none.ts';"), 'ingest/b.ts:2: ./none.ts leads to no file'],
    ['a missing extension', broker("import './broker';"), 'ingest/b.ts:2: ./broker leads to no file'],
    ['a file that is no code', broker('const = ;'), expect.stringMatching(/^ingest\/b\.ts:1: cannot be parsed: /)],
    [
      'a way around index.ts',
      broker("import '../contract/time.ts';"),
      'ingest/b.ts:2: passes by contract/index.ts, to contract/time.ts',
    ],
    [
      'a nested folder importing its parent',
      { 'ingest/store/s.ts': "import '../index.ts';" },
      'ingest/store/s.ts:1: store writer may not import ingest (ingest/index.ts)',
    ],
    [
      'a parent importing a nested folder without leave',
      broker("import './store/index.ts';"),
      'ingest/b.ts:2: ingest may not import ingest/store (ingest/store/index.ts)',
    ],
    ['a role importing main', broker("import '../main.ts';"), 'ingest/b.ts:2: ingest may not import *.ts (main.ts)'],
    [
      'a role importing a test',
      broker("import '../test/a.test.ts';"),
      'ingest/b.ts:2: ingest may not import test (test/a.test.ts)',
    ],
    ['a package nobody declared', broker("import 'pino';"), 'ingest/b.ts:2: pino is not in package.json'],
    ['the same in a test', { 'test/b.ts': "import 'pino';" }, 'test/b.ts:1: pino is not in package.json'],
    [
      'a package of another folder',
      broker("import 'zod/mini';"),
      'ingest/b.ts:2: ingest may not import the package zod',
    ],
    ['a tool in the product', broker("import 'vitest';"), 'ingest/b.ts:2: vitest is a tool and not delivered'],
    ['a built-in of another folder', broker("import 'node:fs';"), 'ingest/b.ts:2: ingest may not import node:fs'],
    ['a built-in without its name', broker("import 'net';"), 'ingest/b.ts:2: net is a built-in: node:net'],
    [
      'a driver library twice',
      broker("import 'aedes';"),
      'ingest/b.ts:2: aedes may be imported only by ingest/broker.ts',
    ],
    ['a package in the core', core("import 'zod';"), 'alerting/core/x.ts:2: engine may not import the package zod'],
    ['a built-in in the core', core("import 'node:fs';"), 'alerting/core/x.ts:2: engine may not import node:fs'],
    [
      'the host in the core',
      core("import '../watchdog.ts';"),
      'alerting/core/x.ts:2: engine may not import alerting (alerting/watchdog.ts)',
    ],
    [
      'no head comment',
      { 'ingest/b.ts': 'const b = 1;' },
      'ingest/b.ts:1: a class C module begins with a comment that says what it keeps',
    ],
    ['a folder without row', { 'tools/a.ts': '' }, 'tools:1: has no row in the table of imports'],
    ['a file without row', { 'other.js': '' }, 'other.js:1: has no row in the table of imports'],
    [
      'a planned folder that is there',
      { 'gateway/index.ts': '' },
      'safety/architecture.md:8: gateway is there, and still marked planned',
    ],
  ])('%s', (_, planted, finding) => {
    expect(findingsWith(planted)).toEqual([finding]);
  });

  test('a row without folder', () => {
    const tree = new Map(Object.entries(sound).filter(([path]) => !path.startsWith('ingest/store/')));
    expect(judge(tree, rules)).toEqual([
      'safety/architecture.md:7: ingest/store is not there; mark it planned or remove it',
    ]);
  });

  test.each([
    ['of two', ['b.ts', 'a.ts'], 'ingest/b.ts:2: closes a cycle: ingest/a.ts → ingest/b.ts → ingest/a.ts'],
    [
      'of three',
      ['b.ts', 'c.ts', 'a.ts'],
      'ingest/c.ts:2: closes a cycle: ingest/a.ts → ingest/b.ts → ingest/c.ts → ingest/a.ts',
    ],
    ['of one', ['a.ts'], 'ingest/a.ts:2: closes a cycle: ingest/a.ts → ingest/a.ts'],
  ])('a cycle %s', (_, targets, finding) => {
    const names = ['a.ts', 'b.ts', 'c.ts'];
    const planted = targets.map((target, index) => [`ingest/${names[index]}`, `// Why.\nimport './${target}';`]);
    expect(findingsWith(Object.fromEntries(planted))).toEqual([finding]);
  });

  test.each([
    ...['Date.now()', 'new Date()', 'performance.now()', 'process.pid', 'console.info(1)', 'fetch("x")'],
    ...['setTimeout(f, 1)', 'setInterval(f, 1)', 'setImmediate(f)', 'queueMicrotask(f)', 'clearTimeout(1)'],
    ...['Math.random()', 'Math["random"]()', 'const { random } = Math', 'globalThis.x', 'crypto.randomUUID()'],
    ...['eval("1")', 'let a: Date', 'f({ Date })', 'new WeakRef(f)', 'Intl.NumberFormat', '"a".localeCompare(b)'],
  ])('the core uses %s', (code) => {
    expect(findingsWith(core(code))).toEqual([
      expect.stringMatching(/^alerting\/core\/x\.ts:2: the core may not use /),
    ]);
  });
});
