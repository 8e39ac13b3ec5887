// Holds a tree of files against the table of imports. Pure: tree, table and packages in, findings out.
import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { type Import, readSyntax, type Syntax } from './syntax.ts';
import { holds, type Row, rowFor } from './table.ts';
import { isSource, type Tree } from './tree.ts';

/** The rules a tree is held against. */
export type Rules = {
  readonly rows: readonly Row[];
  /** Direct dependencies that are delivered, those bundled into the console among them. */
  readonly product: ReadonlySet<string>;
  /** Direct dependencies that only class A rows may use. */
  readonly tools: ReadonlySet<string>;
  readonly drivers: ReadonlyMap<string, string>;
};

/** One violation, as a person would jump to it. */
export type Finding = string;

type File = { readonly path: string; readonly text: string; readonly row: Row; readonly syntax: Syntax };
type Edge = { readonly from: string; readonly to: string; readonly line: number };

/** Everything in the tree that the rules refuse. */
export function judge(tree: Tree, rules: Rules): Finding[] {
  const findings: Finding[] = [...folders(tree, rules.rows)];
  const edges: Edge[] = [];
  for (const [path, text] of tree) {
    const row = rowFor(rules.rows, path);
    if (!isSource(path) || row === undefined) continue;
    const file = parse(path, text, row);
    if (typeof file === 'string') {
      findings.push(file);
      continue;
    }
    for (const found of file.syntax.imports) {
      const { finding, target } = judgeImport(file, found, tree, rules);
      if (finding !== undefined) findings.push(`${path}:${found.line}: ${finding}`);
      if (target !== undefined && found.kind !== 'url') edges.push({ from: path, to: target, line: found.line });
    }
    findings.push(...headComment(file), ...purity(file));
  }
  return [...findings, ...cycles(edges)];
}

function parse(path: string, text: string, row: Row): File | Finding {
  try {
    return { path, text, row, syntax: readSyntax(path, text) };
  } catch (error) {
    return `${path}:1: cannot be parsed: ${String(error).split('\n')[0]}`;
  }
}

function* folders(tree: Tree, rows: readonly Row[]): Generator<Finding> {
  const sources = [...tree.keys()].filter(isSource);
  const without = new Set(sources.filter((path) => rowFor(rows, path) === undefined).map(topOf));
  for (const folder of without) yield `${folder}:1: has no row in the table of imports`;
  for (const row of rows) {
    const { folder, planned, line } = row;
    const exists = sources.some((path) => holds(row, path));
    if (!exists && !planned)
      yield `safety/architecture.md:${line}: ${folder} is not there; mark it planned or remove it`;
    if (exists && planned) yield `safety/architecture.md:${line}: ${folder} is there, and still marked planned`;
  }
}

function topOf(path: string): string {
  return path.split('/')[0] ?? path;
}

type Judged = { readonly finding?: string | undefined; readonly target?: string };

function judgeImport(file: File, found: Import, tree: Tree, rules: Rules): Judged {
  const { specifier } = found;
  if (specifier === undefined) return { finding: 'imports what it computes: only a literal can be judged' };
  if (!specifier.startsWith('.')) return found.kind === 'url' ? {} : { finding: packageFault(file, specifier, rules) };
  const target = posix.join(posix.dirname(file.path), specifier);
  // A URL may name a folder or a file that is only data; neither is code of somebody else.
  if (found.kind === 'url' && !isSource(target)) return {};
  if (!tree.has(target)) return { finding: `${specifier} leads to no file` };
  return { finding: oursFault(file, target, rules.rows), target };
}

function oursFault(file: File, target: string, rows: readonly Row[]): string | undefined {
  const { row } = file;
  const other = rowFor(rows, target);
  if (other === undefined || other.item === row.item || row.ours.includes('anything')) return undefined;
  if (row.ours.includes(target)) return undefined;
  if (!row.ours.includes(other.folder)) return `${row.item} may not import ${other.folder} (${target})`;
  if (target !== other.folder && target !== `${other.folder}/index.ts`) {
    return `passes by ${other.folder}/index.ts, to ${target}`;
  }
  return undefined;
}

function packageFault(file: File, specifier: string, rules: Rules): string | undefined {
  const { packages, item, class: level } = file.row;
  if (isBuiltin(specifier)) {
    if (!specifier.startsWith('node:')) return `${specifier} is a built-in: node:${specifier}`;
    if (packages.includes('anything') || packages.includes('node:*')) return undefined;
    return packages.includes(specifier) ? undefined : `${item} may not import ${specifier}`;
  }
  const name = packageOf(specifier);
  if (!rules.product.has(name) && !rules.tools.has(name)) return `${name} is not in package.json`;
  if (!rules.product.has(name) && level !== 'A') return `${name} is a tool and not delivered`;
  if (packages.includes('anything')) return undefined;
  if (!packages.includes(name)) return `${item} may not import the package ${name}`;
  const only = rules.drivers.get(name);
  if (only === undefined || file.path === only || file.path.startsWith(`${only}/`)) return undefined;
  return `${name} may be imported only by ${only}`;
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

// Left out: an index.ts, which is a table of contents, and contract, where every export has its own sentence.
function* headComment({ path, text, row }: File): Generator<Finding> {
  if (row.class !== 'C' || row.folder === 'contract' || path.endsWith('/index.ts')) return;
  if (!/^(?:#!.*\n)?\s*(?:\/\/|\/\*)/.test(text))
    yield `${path}:1: a class C module begins with a comment that says what it keeps`;
}

const chance = new Set([
  ...['Date', 'performance', 'process', 'console', 'fetch', 'crypto', 'Temporal', 'Intl', 'Math', 'Math.random'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'clearTimeout', 'clearInterval'],
  ...['globalThis', 'global', 'self', 'eval', 'Function', 'require', 'WeakRef', 'FinalizationRegistry', 'Atomics'],
  ...['.toLocaleString', '.toLocaleDateString', '.toLocaleTimeString', '.localeCompare'],
]);

/** Folder whose results may depend on nothing but its records: no clock, chance, host or language. */
export const pureFolder = 'alerting/core';

function* purity({ row, path, syntax }: File): Generator<Finding> {
  if (row.folder !== pureFolder) return;
  for (const { name, line } of syntax.uses) {
    if (chance.has(name)) yield `${path}:${line}: the core may not use ${name.replace(/^\./, '')}`;
  }
}

/** One finding a cycle, at the import that closes it. */
function* cycles(edges: readonly Edge[]): Generator<Finding> {
  const different = new Map(edges.map((edge) => [`${edge.from} ${edge.to}`, edge]));
  const byFile = Map.groupBy(different.values(), (edge) => edge.from);
  const done = new Set<string>();
  const walk = function* (path: string, trail: readonly string[]): Generator<Finding> {
    if (done.has(path)) return;
    for (const { to, line } of byFile.get(path) ?? []) {
      const begin = trail.indexOf(to);
      if (begin >= 0) yield `${path}:${line}: closes a cycle: ${[...trail.slice(begin), to].join(' → ')}`;
      else yield* walk(to, [...trail, to]);
    }
    done.add(path);
  };
  for (const path of byFile.keys()) yield* walk(path, [path]);
}
