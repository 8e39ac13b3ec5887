import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type Item, readItems } from '../../evidence/read.ts';
import { citedIn, type Facts, judge } from '../../evidence/rules.ts';
import { itemFiles, safetyFile } from '../../evidence/safety-folder.ts';
import { rowsOf } from '../../layout/table.ts';
import { readTree } from '../../layout/tree.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const { items, faults } = readItems(itemFiles());

type Manifest = { readonly [field: string]: Readonly<Record<string, string>> | undefined };
type Lock = { readonly packages: Readonly<Record<string, { readonly version: string; readonly name?: string }>> };

/** Locked versions by real name: of an alias, the name in its lock entry. */
function locked(names: readonly string[]): Map<string, string> {
  const { packages } = readJson('package-lock.json') as Lock;
  return new Map(
    names.map((name) => {
      const entry = packages[`node_modules/${name}`];
      if (entry === undefined) throw new Error(`${name} is in package.json and not in package-lock.json`);
      return [entry.name ?? name, entry.version];
    }),
  );
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(root + path, 'utf8'));
}

function realFacts(): Facts {
  const manifest = readJson('package.json') as Manifest;
  const rows = rowsOf(safetyFile('architecture.md')).filter((row) => row.folder === row.item || row.item === 'main');
  const tests = [...readTree(root)].filter(([path]) => path.startsWith('test/') && path.endsWith('.test.ts'));
  return {
    classes: new Map(rows.map((row) => [row.item, row.class])),
    delivered: locked(Object.keys({ ...manifest['dependencies'], ...manifest['optionalDependencies'] })),
    tools: locked(Object.keys(manifest['devDependencies'] ?? {})),
    fileExists: (path) => existsSync(root + path),
    cited: new Set(tests.flatMap(([, text]) => citedIn(text))),
  };
}

function ofKind(kind: Item['kind']): Item[] {
  return items.filter((item) => item.kind === kind && !item.retired);
}

test('the safety file is in its grammar', () => {
  expect(faults).toEqual([]);
});

test('there is something to judge', () => {
  expect(ofKind('requirement').length).toBeGreaterThanOrEqual(91);
  expect(ofKind('hazard').length).toBeGreaterThanOrEqual(62);
  expect(ofKind('soup').length).toBeGreaterThan(15);
});

test('every item says what it must, and each names the other back', () => {
  const facts = realFacts();
  expect(facts.cited.size).toBeGreaterThan(0);
  expect([...facts.classes.keys()].toSorted()).toContain('alerting');
  expect(judge(items, facts)).toEqual([]);
});

test('a hazard fits on six lines', () => {
  const long = ofKind('hazard').filter((item) => item.text.split('\n').length + 1 > 6);
  expect(long.map((item) => item.id)).toEqual([]);
});

// Paths in backquotes; patterns and what a later version brings are not in the map.
test('the clause map and the list of files name only what is there', () => {
  const { text } = safetyFile('README.md');
  const named = [...text.matchAll(/^\|.*$/gm)].flatMap(([line]) =>
    [...line.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((path) => !existsSync(`${root}safety/${path}`) && !existsSync(root + path))).toEqual([]);
});

test('every pinned Node package is the version that bin/pinned-node.js names', () => {
  const [, pinned] = /PINNED = '([\d.]+)'/.exec(readFileSync(`${root}bin/pinned-node.js`, 'utf8')) ?? [];
  const packages = ofKind('soup').filter((item) => item.title.startsWith('node-linux-'));
  expect(packages.map((item) => item.fields.get('Version'))).toEqual([pinned, pinned]);
});

test('every dependency is pinned exactly', () => {
  const manifest = readJson('package.json') as Manifest;
  const fields = ['dependencies', 'optionalDependencies', 'devDependencies', 'overrides'];
  const loose = fields
    .flatMap((field) => Object.entries(manifest[field] ?? {}))
    .filter(([, range]) => !/^\d+\.\d+\.\d+[\w.+-]*$/.test(range));
  expect(loose).toEqual([]);
});
