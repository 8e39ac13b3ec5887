// The one parser of the safety file's grammar: Markdown in, items and faults out. It judges the form only; what items
// say to each other is judged by rules.ts. Pure, and free of packages, because vitest.config.ts loads it for the tags.

/** A file of the safety folder: its path as people name it, and its text. */
export type Source = { readonly path: string; readonly text: string };

/** Something wrong in a file, at a line people can jump to. */
export type Fault = { readonly path: string; readonly line: number; readonly message: string };

/** What an item is, told from the first word of its ID. */
export type Kind = 'requirement' | 'hazard' | 'soup' | 'anomaly';

/** One item: a heading `### ID — title`, its text, and the fields of its `Name: value` lines. */
export type Item = {
  readonly id: string;
  readonly kind: Kind;
  readonly title: string;
  readonly path: string;
  readonly line: number;
  /** All lines that hold no fields, trimmed at both ends. */
  readonly text: string;
  readonly fields: ReadonlyMap<string, string>;
  /** Under a heading `## Retired`: the ID is spent, and the item demands nothing. */
  readonly retired: boolean;
};

const kinds: ReadonlyMap<string, Kind> = new Map([
  ...['CON', 'GW', 'BRK', 'ING', 'ALR', 'API', 'SEC', 'SYS', 'OPS'].map((word) => [word, 'requirement'] as const),
  ['HAZ', 'hazard'],
  ['SOUP', 'soup'],
  ['ANO', 'anomaly'],
]);

const fieldsOf: Readonly<Record<Kind, readonly string[]>> = {
  requirement: ['Class', 'Item', 'Status', 'Controls', 'Need'],
  hazard: ['Severity', 'Controls', 'Residual'],
  soup: [
    ...['Version', 'Reviewed', 'Items', 'Class', 'Successor', 'Proven', 'Status'],
    ...['Kind', 'Advisories', 'Supplier', 'Support'],
  ],
  anomaly: ['Hazards', 'Decision', 'Evaluation'],
};

const itemHeading = /^### ([A-Z]+(?:-[A-Z0-9]+)+) — (\S.*)$/;
const fieldLine = /^[A-Z][a-z]+:( |$)/;

/** Reads the items of several files; an ID defined twice is a fault, in one file or in two. */
export function readItems(sources: readonly Source[]): { readonly items: Item[]; readonly faults: Fault[] } {
  const items: Item[] = [];
  const faults: Fault[] = [];
  const first = new Map<string, Item>();
  for (const source of sources) {
    for (const item of itemsOf(source, faults)) {
      const earlier = first.get(item.id);
      if (earlier !== undefined) {
        const spent = earlier.retired || item.retired ? ', retired: a changed meaning takes a new ID' : '';
        faults.push(at(item, `${item.id} is defined at ${earlier.path}:${earlier.line}${spent}`));
        continue;
      }
      first.set(item.id, item);
      items.push(item);
    }
  }
  return { items, faults };
}

/** The values of a field that holds a list; none if the item does not have the field. */
export function listOf(item: Item, field: string): readonly string[] {
  return item.fields.get(field)?.split(', ') ?? [];
}

/** A fault at the heading of an item. */
export function at(item: Item, message: string): Fault {
  return { path: item.path, line: item.line, message };
}

/** A row of a Markdown table, without the backquotes of its cells. */
export type Row = { readonly line: number; readonly cells: readonly string[] };

/** The rows of the first table whose head begins with these columns; empty if there is none. */
export function readTable(text: string, columns: readonly string[]): Row[] {
  const lines = text.split('\n');
  const head = lines.findIndex((line) => columns.every((column, index) => cellsOf(line)[index] === column));
  const rows: Row[] = [];
  if (head < 0) return rows;
  for (let index = head + 2; lines[index]?.startsWith('|'); index++) {
    rows.push({ line: index + 1, cells: cellsOf(lines[index] ?? '') });
  }
  return rows;
}

function cellsOf(line: string): readonly string[] {
  if (!line.startsWith('|') || !line.endsWith('|')) return [];
  const cells = line.slice(1, -1).split('|');
  return cells.map((cell) => cell.trim().replaceAll('`', ''));
}

function itemsOf(source: Source, faults: Fault[]): Item[] {
  const lines = source.text.split('\n');
  const items: Item[] = [];
  let retired = false;
  for (const [index, line] of lines.entries()) {
    if (/^##? /.test(line)) retired = line === '## Retired';
    if (!line.startsWith('###') || line.startsWith('####')) continue;
    const [, id = '', title = ''] = itemHeading.exec(line) ?? [];
    const kind = kinds.get(id.split('-')[0] ?? '');
    if (kind === undefined) {
      faults.push({ path: source.path, line: index + 1, message: `no item: ${line}` });
      continue;
    }
    const rest = lines.slice(index + 1);
    const end = rest.findIndex((text) => /^#{1,3} /.test(text));
    const body = end < 0 ? rest : rest.slice(0, end);
    const texts = body.filter((text) => !fieldLine.test(text));
    items.push({
      ...{ id, kind, title, path: source.path, line: index + 1, retired },
      text: texts.join('\n').trim(),
      fields: readFields(body, kind, (offset, message) => {
        faults.push({ path: source.path, line: index + 2 + offset, message: `${id}: ${message}` });
      }),
    });
  }
  return items;
}

function readFields(body: readonly string[], kind: Kind, fault: (offset: number, message: string) => void) {
  const fields = new Map<string, string>();
  for (const [offset, line] of body.entries()) {
    if (!fieldLine.test(line)) continue;
    for (const field of line.split(' · ')) {
      const [, name = field, value = ''] = /^(\w+):(.*)$/.exec(field) ?? [];
      if (!fieldsOf[kind].includes(name)) fault(offset, `unknown field ${name}`);
      else if (fields.has(name)) fault(offset, `field ${name} stands twice`);
      else if (value.trim() === '') fault(offset, `field ${name} is empty`);
      else fields.set(name, value.trim());
    }
  }
  return fields;
}
