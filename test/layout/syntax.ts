// What a source file refers to, read from its syntax tree: comments and strings cannot deceive it, types are not lost.
import { parseAst } from 'vitest/node';

/** One reference to another module; `specifier` is undefined where the code computes it. */
export type Import = {
  readonly specifier: string | undefined;
  readonly line: number;
  /** A URL is a file named by `new URL('./x.ts', import.meta.url)`: a worker, mostly. It is loaded apart. */
  readonly kind: 'static' | 'type' | 'dynamic' | 'require' | 'url';
};

/** A name that stands for a value of the outside, such as `Date` or `Math.random`. */
export type Use = { readonly name: string; readonly line: number };

/** All a rule needs to know of one file. */
export type Syntax = { readonly imports: readonly Import[]; readonly uses: readonly Use[] };

type Node = { readonly type: string; readonly start: number; readonly [key: string]: unknown };

/** Parses a file; throws the parser's error if it is not TypeScript or JavaScript. */
export function readSyntax(path: string, text: string): Syntax {
  const lang = path.endsWith('x') ? 'tsx' : 'ts';
  const imports: Import[] = [];
  const uses: Use[] = [];
  const lineOf = (node: Node): number => text.slice(0, node.start).split('\n').length;
  walk(parseAst(text, { lang }) as unknown as Node, undefined, '', (node, parent, key) => {
    const found = importOf(node);
    if (found !== undefined) imports.push({ ...found, line: lineOf(node) });
    const name = useOf(node, parent, key);
    if (name !== undefined) uses.push({ name, line: lineOf(node) });
  });
  return { imports, uses };
}

type Visit = (node: Node, parent: Node | undefined, key: string) => void;

function walk(node: Node, parent: Node | undefined, key: string, visit: Visit): void {
  visit(node, parent, key);
  for (const [name, value] of Object.entries(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) walk(child, node, name, visit);
    }
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

function importOf(node: Node): Omit<Import, 'line'> | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
      return { specifier: literal(node['source']), kind: onlyTypes(node, 'importKind') ? 'type' : 'static' };
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      if (!isNode(node['source'])) return undefined;
      return { specifier: literal(node['source']), kind: onlyTypes(node, 'exportKind') ? 'type' : 'static' };
    case 'TSImportType':
      return { specifier: literal(node['source']), kind: 'type' };
    case 'TSExternalModuleReference':
      return { specifier: literal(node['expression']), kind: 'require' };
    case 'ImportExpression':
      return { specifier: literal(node['source']), kind: 'dynamic' };
    case 'CallExpression':
      return callOf(node);
    case 'NewExpression':
      return urlOf(node);
    default:
      return undefined;
  }
}

/** `import type {…}`, or every name of it marked `type`. */
function onlyTypes(node: Node, kind: string): boolean {
  if (node[kind] === 'type') return true;
  const names = node['specifiers'];
  return Array.isArray(names) && names.length > 0 && names.every((name: Node) => name[kind] === 'type');
}

function callOf(node: Node): Omit<Import, 'line'> | undefined {
  const name = nameOf(node['callee']);
  const specifier = literal(argumentsOf(node)[0]);
  if (name === 'require') return { specifier, kind: 'require' };
  if (name === 'require.resolve' && specifier !== undefined) return { specifier, kind: 'require' };
  if (name === 'import.meta.resolve' && specifier !== undefined) return { specifier, kind: 'url' };
  return undefined;
}

function urlOf(node: Node): Omit<Import, 'line'> | undefined {
  const [file, base] = argumentsOf(node);
  if (nameOf(node['callee']) !== 'URL' || nameOf(base) !== 'import.meta.url') return undefined;
  const specifier = literal(file);
  return specifier === undefined ? undefined : { specifier, kind: 'url' };
}

function argumentsOf(node: Node): readonly unknown[] {
  const given = node['arguments'];
  return Array.isArray(given) ? given : [];
}

/** A string, or a template without anything to fill in. */
function literal(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'Literal' && typeof node['value'] === 'string') return node['value'];
  const parts = node['quasis'];
  if (node.type !== 'TemplateLiteral' || !Array.isArray(parts) || parts.length !== 1) return undefined;
  return (parts[0] as { value: { cooked: string } }).value.cooked;
}

/** `a.b.c` as text, if it is nothing but names. */
function nameOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'Identifier') return String(node['name']);
  if (node.type === 'MetaProperty') return 'import.meta';
  if (node.type !== 'MemberExpression' || node['computed'] === true) return undefined;
  const object = nameOf(node['object']);
  return object === undefined ? undefined : `${object}.${nameOf(node['property'])}`;
}

// Scopes are not resolved: a local variable that is called like a global counts as the global, and takes another name.
function useOf(node: Node, parent: Node | undefined, key: string): string | undefined {
  if (node.type !== 'Identifier' || parent === undefined) return undefined;
  const name = String(node['name']);
  if (key === 'property' && parent.type === 'MemberExpression' && parent['computed'] !== true) return `.${name}`;
  if (key === 'right' && parent.type === 'TSQualifiedName') return undefined;
  if (key === 'key' && parent['computed'] !== true) return undefined;
  if (key === 'object' && name === 'Math' && parent['computed'] !== true) return nameOf(parent);
  return name;
}
