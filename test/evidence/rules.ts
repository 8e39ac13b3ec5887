// What the items of the safety file must say, and say of each other. Pure: parsed items and facts in, faults out.
import { at, type Fault, type Item, listOf } from './read.ts';

/** What stands outside the items and they are held against. */
export type Facts = {
  /** Class of each item a requirement may name: a top-level folder, or `main`. */
  readonly classes: ReadonlyMap<string, string>;
  /** Locked version of every package that is delivered, by its real name. */
  readonly delivered: ReadonlyMap<string, string>;
  /** Locked version of every direct dependency that only the tools use. */
  readonly tools: ReadonlyMap<string, string>;
  readonly fileExists: (path: string) => boolean;
  /** IDs that some test file names in its tags. */
  readonly cited: ReadonlySet<string>;
};

const vague =
  /\b(appropriate|fast|quickly|robust|user-friendly|easy|as needed|etc|and\/or|sufficient|normally)(?![\w-])/i;
const wordsMax = 40;

/** Every fault of every item that is not retired. */
export function judge(items: readonly Item[], facts: Facts): Fault[] {
  const byId = new Map(items.filter((item) => !item.retired).map((item) => [item.id, item]));
  const active = [...byId.values()];
  return [
    ...active.flatMap((item) => messages(item, byId, facts).map((message) => at(item, `${item.id}: ${message}`))),
    ...missingReviews(active, facts),
  ];
}

function messages(item: Item, byId: ReadonlyMap<string, Item>, facts: Facts): string[] {
  switch (item.kind) {
    case 'requirement':
      return [...wording(item), ...placement(item, facts), ...reasons(item, byId), ...proof(item, facts)];
    case 'hazard':
      return hazard(item, byId);
    case 'soup':
      return soup(item, byId, facts);
    case 'anomaly':
      return anomaly(item, byId);
  }
}

function wording(item: Item): string[] {
  const found: string[] = [];
  const text = item.text.replaceAll('**shall**', 'SHALL');
  const bold = text.split('SHALL').length - 1;
  if (bold !== 1 || /\bshall\b/.test(text)) found.push('needs exactly one **shall**');
  const words = item.text.split(/\s+/).length;
  if (words > wordsMax) found.push(`has ${words} words, at most ${wordsMax}`);
  const [word] = vague.exec(item.text) ?? [];
  if (word !== undefined) found.push(`"${word}" says nothing that a test can judge`);
  return found;
}

function placement(item: Item, { classes }: Facts): string[] {
  const level = item.fields.get('Class') ?? '';
  const place = item.fields.get('Item') ?? '';
  const ofItem = classes.get(place);
  if (!/^[ABC]$/.test(level)) return ['needs Class: A, B or C'];
  if (ofItem === undefined) return [`Item: "${place}" is no top-level folder and not main`];
  if (level > ofItem) return [`class ${level} in an item of class ${ofItem}`];
  if (level === 'A' && ofItem !== 'A') return ['nothing that is delivered is class A'];
  return [];
}

function reasons(item: Item, byId: ReadonlyMap<string, Item>): string[] {
  const hazards = listOf(item, 'Controls');
  if (hazards.length === 0 && !item.fields.has('Need')) return ['needs Controls: or Need:'];
  return hazards.flatMap((id) => {
    const named = byId.get(id);
    if (named?.kind !== 'hazard') return [`controls the unknown hazard ${id}`];
    return listOf(named, 'Controls').includes(item.id) ? [] : [`controls ${id}, which does not name it back`];
  });
}

function proof(item: Item, { cited }: Facts): string[] {
  const status = item.fields.get('Status');
  if (status !== undefined) return status === 'planned' ? [] : ['Status: can only be planned'];
  return cited.has(item.id) ? [] : ['is not planned, and no test cites it'];
}

function hazard(item: Item, byId: ReadonlyMap<string, Item>): string[] {
  const found: string[] = [];
  const severity = item.fields.get('Severity') ?? '';
  if (!/^S[1-4]$/.test(severity)) found.push('needs Severity: S1 to S4');
  if (!item.text.includes('**Harm:** ')) found.push('names no **Harm:**');
  const controls = listOf(item, 'Controls').map((id) => ({ id, control: byId.get(id) }));
  if (controls.length === 0) return [...found, 'has no control'];
  for (const { id, control } of controls) {
    if (control?.kind !== 'requirement') found.push(`names the unknown control ${id}`);
    else if (!listOf(control, 'Controls').includes(item.id)) found.push(`names ${id}, which does not name it back`);
  }
  if (severity !== 'S4') return found;
  const places = new Set(controls.map(({ control }) => control?.fields.get('Item')));
  if (places.size === 1) found.push('is S4, and its controls all belong to one item');
  if (!controls.some(({ control }) => control?.fields.get('Class') === 'C'))
    found.push('is S4 without class C control');
  return found;
}

function soup(item: Item, byId: ReadonlyMap<string, Item>, facts: Facts): string[] {
  const needed = ['Version', 'Reviewed', 'Items', 'Class', 'Proven'].filter((name) => !item.fields.has(name));
  const found = needed.map((name) => `has no ${name}:`);
  const kind = item.fields.get('Kind');
  const locked = kind === 'bundled' ? facts.tools.get(item.title) : facts.delivered.get(item.title);
  if (kind !== 'runtime') {
    if (locked === undefined) found.push(`${item.title} is no ${kind ?? 'production'} dependency`);
    else if (locked !== item.fields.get('Version')) found.push(`reviewed at another version than the locked ${locked}`);
  }
  for (const [id] of item.text.matchAll(/\bHAZ-[A-Z-]*[A-Z]/g)) {
    if (!byId.has(id)) found.push(`names the unknown hazard ${id}`);
  }
  const planned = item.fields.get('Status') === 'planned';
  const absent = listOf(item, 'Proven').filter((path) => !facts.fileExists(path));
  if (!planned) found.push(...absent.map((path) => `proven by ${path}, which is not there`));
  if (planned && absent.length === 0 && item.fields.has('Proven')) found.push('is planned, but its proof is there');
  return found;
}

function missingReviews(items: readonly Item[], facts: Facts): Fault[] {
  const reviewed = new Set(items.filter((item) => item.kind === 'soup').map((item) => item.title));
  const missing = [...facts.delivered.keys()].filter((name) => !reviewed.has(name));
  return missing.map((name) => ({ path: 'package.json', line: 1, message: `${name} has no entry in safety/soup.md` }));
}

function anomaly(item: Item, byId: ReadonlyMap<string, Item>): string[] {
  const needed = ['Hazards', 'Decision', 'Evaluation'].filter((name) => !item.fields.has(name));
  const unknown = listOf(item, 'Hazards').filter((id) => byId.get(id)?.kind !== 'hazard');
  const decision = item.fields.get('Decision') ?? 'open';
  const found = [...needed.map((name) => `has no ${name}:`), ...unknown.map((id) => `names the unknown hazard ${id}`)];
  if (!/^(open|(accepted until|fixed in) \d+\.\d+\.\d+)$/.test(decision)) found.push(`has no decision: ${decision}`);
  return found;
}

/** IDs in the tags of a test file's text, for judging what is cited without running the tests. */
export function citedIn(text: string): string[] {
  const lists = [...text.matchAll(/\btags: \[([^\]]*)\]/g)];
  return lists.flatMap(([, list = '']) => [...list.matchAll(/['"]([A-Z0-9-]+)['"]/g)].map(([, id = '']) => id));
}
