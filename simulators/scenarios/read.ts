// A scenario's file, checked whole: every fault at once, each with its place and what was expected.
import { isCollection, isMap, isNode, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import { z } from 'zod';
import { Id } from '../../contract/index.ts';
import { Cast, castOf, modelNames, type NamedDevice, type SignalName, signalNames } from './cast.ts';
import { durationHint, parseDuration } from './duration.ts';
import { readExpected, readWhen, type Vocabulary } from './expected.ts';
import { readGiven } from './given.ts';
import { didYouMean } from './nearest.ts';
import { type Expectation, type Given, type Scenario, ScenarioError } from './scenario.ts';
import { RowFault, Words } from './words.ts';

const Duration = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  context.issues.push({ code: 'custom', input: text, message: durationHint });
  return z.NEVER;
});
const Row = z.array(z.union([z.string(), z.number(), z.nan()], { error: 'expected a word or a number' })).min(2);
const ScenarioDevice = z.strictObject({
  id: Id,
  model: z.enum(modelNames as [string, ...string[]]),
  patient: Id.optional(),
  gateway: Id.optional(),
  signals: z
    .array(z.enum(signalNames as [SignalName, ...SignalName[]]))
    .min(1)
    .optional(),
  every: Duration.optional(),
  first: Duration.optional(),
  transport: z.literal('mqtt').optional(),
});
const ScenarioFile = z.strictObject({
  name: z.string().min(1).max(200),
  seed: z.int().min(0).optional(),
  tolerance: Duration.default(1_000),
  until: Duration.optional(),
  /** A rule set of its own, beside the file. */
  rules: z.string().min(1).optional(),
  devices: z.array(ScenarioDevice).default([]),
  given: z.array(Row),
  expect: z.array(Row).min(1),
  proves: z
    .array(z.string().regex(/^[A-Z]{3}-[A-Z-]+$/, 'expected the id of a requirement, such as ALR-STALE'))
    .default([]),
});
type ScenarioFile = z.output<typeof ScenarioFile>;

const keysOf: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(ScenarioFile.shape),
  devices: Object.keys(ScenarioDevice.shape),
};

/**
 * Reads a scenario; throws `ScenarioError` with every fault. `file` is how faults name it; the vocabulary is that of the rule
 * set that it names, or of the default.
 */
export function readScenario(
  text: string,
  file: string,
  vocabularyOf: (rules: string | undefined) => Vocabulary,
): Scenario {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const place = (path: readonly PropertyKey[]) => placeOf(document.contents, path, lines, file);
  const broken = document.errors.map(({ pos, message }) => {
    const { line, col } = lines.linePos(pos[0]);
    return `${file}:${line}:${col} ${message.split('\n')[0]?.replace(/ at line .*$/, '')}`;
  });
  if (broken.length > 0) throw new ScenarioError(broken);
  const checked = ScenarioFile.safeParse(document.toJS() ?? {});
  if (!checked.success) throw new ScenarioError(checked.error.issues.flatMap((issue) => describe(issue, place)));
  return assemble(checked.data, { file, place, vocabulary: vocabularyOf(checked.data.rules) });
}

interface Source {
  readonly file: string;
  readonly place: (path: readonly PropertyKey[]) => string;
  readonly vocabulary: Vocabulary;
}

function assemble(checked: ScenarioFile, source: Source): Scenario {
  const named: NamedDevice[] = checked.devices.map(({ every, first, transport: _, ...device }) => ({
    ...device,
    everyMs: every,
    firstWithinMs: first,
  }));
  const cast = new Cast(castOf(named, mentionedIn(checked)));
  const faults: string[] = [
    ...twice(
      checked.devices.map(({ id }) => id),
      source,
    ),
  ];
  const rows = <R>(key: 'given' | 'expect', read: (words: Words) => R) =>
    checked[key].flatMap((row, i) => {
      try {
        const place = source.place([key, i]);
        return [{ ...read(new Words(row)), text: `[${row.join(', ')}]`, place }];
      } catch (error) {
        if (!(error instanceof RowFault)) throw error;
        faults.push(`${source.place([key, i, error.index])} ${key}: ${error.message}`);
        return [];
      }
    });
  const given = rows('given', (words) => {
    const atMs = words.duration();
    return { atMs, ...readGiven(words, cast) };
  });
  const expected = rows('expect', (words) => {
    const when = readWhen(words);
    return { when, ...readExpected(words, when, cast, source.vocabulary) };
  });
  if (faults.length > 0) throw new ScenarioError(faults);
  const { name, seed = null, rules: rulesFile = null, tolerance: toleranceMs, proves, until } = checked;
  const scenario = { file: source.file, name, seed, rulesFile, toleranceMs, proves, devices: cast.devices };
  const endMs = until ?? endOf(given, expected);
  return { ...scenario, endMs, given: given.sort((a, b) => a.atMs - b.atMs), expect: expected };
}

function* twice(ids: readonly string[], { place }: Source): Generator<string> {
  for (const [i, id] of ids.entries())
    if (ids.indexOf(id) < i) yield `${place(['devices', i, 'id'])} devices: ${id} is named twice`;
}

/** Signals that rows name: their devices are there. */
function mentionedIn({ given, expect }: ScenarioFile): ReadonlySet<string> {
  return new Set([...given, ...expect].flat().map(String));
}

/** The last instant that anything is said about. */
function endOf(given: readonly Given[], expected: readonly Expectation[]): number {
  const happened = given.map((row) => {
    const span = 'forMs' in row && Number.isFinite(row.forMs) ? row.forMs : 0;
    const late = row.what === 'late' ? row.byMs : 0;
    return row.atMs + span + late + (row.what === 'value' ? row.overMs : 0);
  });
  const asked = expected.map(({ when }) => (when.kind === 'at' ? when.toMs : 0));
  return Math.max(0, ...happened, ...asked);
}

function describe(issue: z.core.$ZodIssue, place: (path: readonly PropertyKey[]) => string): string[] {
  const { path } = issue;
  const name = path.filter((key) => typeof key === 'string').join('.');
  if (issue.code !== 'unrecognized_keys') return [`${place(path)} ${name || 'the file'}: ${issue.message}`];
  const known = keysOf[name] ?? [];
  return issue.keys.map((key) => `${place([...path, key])} ${key}: unknown key${didYouMean(key, known)}`);
}

/** Where a value, or the key of one, stands; the nearest that does for one that is missing. */
function placeOf(contents: unknown, path: readonly PropertyKey[], lines: LineCounter, file: string): string {
  let node: unknown = contents;
  let offset = offsetOf(node) ?? 0;
  for (const key of path) {
    if (!isCollection(node)) break;
    const inner = isMap(node)
      ? node.items.find((item) => isScalar(item.key) && item.key.value === key)
      : node.items[key as number];
    if (inner === undefined) break;
    const isPair = !isNode(inner);
    node = isPair ? (inner as { value: unknown }).value : inner;
    offset = offsetOf(isPair ? (inner as { key: unknown }).key : inner) ?? offset;
  }
  const { line, col } = lines.linePos(offset);
  return `${file}:${line}:${col}`;
}

function offsetOf(node: unknown): number | undefined {
  return (node as Node | undefined)?.range?.[0];
}
