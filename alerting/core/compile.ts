// From a rule set to rows, once. Purpose: ALR-RULES, CON-UNITS. A set with any fault gives no rows at all, and every fault
// of it at once, each with its place: a clinician corrects a file, not a guess.
import { RuleSet, type Vital } from '../../contract/index.ts';
import { rowOf } from './compile-row.ts';
import { news2AgeLeast, rulesPerVitalMax } from './limits.ts';
import { type Direction, isOfPatient, type RuleRow } from './rows.ts';

/** A rule set without a fault. */
export interface CompiledRules {
  readonly set: RuleSet;
  /** The whole set in canonical JSON; its hash stands in every alert. */
  readonly text: string;
  readonly rows: readonly RuleRow[];
  readonly byVital: ReadonlyMap<Vital, readonly RuleRow[]>;
}

const priorityOrder = { low: 0, medium: 1, high: 2 } as const;

/** Compiles a rule set, from a file or a record; or every fault of it, with its place. */
export function compileRules(candidate: unknown): { readonly rules: CompiledRules } | { readonly faults: string[] } {
  const parsed = RuleSet.safeParse(candidate);
  if (!parsed.success) {
    return { faults: parsed.error.issues.map((issue) => `${issue.path.join('.') || 'rule set'}: ${issue.message}`) };
  }
  const set = parsed.data;
  const faults: string[] = [];
  const rows: RuleRow[] = [];
  for (const [index, rule] of set.rules.entries()) {
    const row = rowOf(rule, index, rows, faults);
    if (row) rows.push(row);
  }
  faultsOfSet(set, rows, faults);
  if (faults.length > 0) return { faults };
  const enabled = rows.filter((row) => set.rules[row.index]?.enabled);
  return { rules: { set, text: JSON.stringify(set), rows: enabled, byVital: byVital(enabled) } };
}

function faultsOfSet(set: RuleSet, rows: readonly RuleRow[], faults: string[]): void {
  const seen = new Set<string>();
  for (const [index, { id }] of set.rules.entries()) {
    if (seen.has(id)) faults.push(`rules.${index} (${id}): a second rule of this id`);
    seen.add(id);
  }
  if ((set.fromAge ?? news2AgeLeast) < news2AgeLeast && rows.some(({ kind }) => kind === 'news2')) {
    faults.push(`fromAge: NEWS2 is for ${news2AgeLeast} years and older, not from ${set.fromAge}`);
  }
  for (const [family, members] of Map.groupBy(rows, (row) => row.family)) faultsOfFamily(family, members, faults);
  for (const [vital, members] of byVital(rows)) faultsOfVital(vital, members, faults);
}

/** Composites have no direction of their own. */
function directionOf(row: RuleRow): Direction | null {
  return row.kind === 'composite' ? null : row.direction;
}

/** Ranks follow limits and priorities: what is worse must not count as less (`alerting.md` 2.13). */
function faultsOfFamily(family: string, members: readonly RuleRow[], faults: string[]): void {
  if (new Set(members.map(directionOf).filter((direction) => direction !== null)).size > 1) {
    faults.push(`family ${family}: has rules of both directions`);
    return;
  }
  const ranked = members.toSorted((a, b) => a.rank - b.rank);
  for (const [i, worse] of ranked.entries()) {
    const lesser = ranked[i - 1];
    if (!lesser) continue;
    if (lesser.rank === worse.rank) faults.push(`family ${family}: ${lesser.id} and ${worse.id} have the same rank`);
    // A prediction says what may come: what is there already may be of lower priority than it.
    if (
      priorityOrder[worse.priority] < priorityOrder[lesser.priority] &&
      !lesser.predictive &&
      lesser.kind !== 'rate'
    ) {
      faults.push(`family ${family}: ${worse.id} ranks above ${lesser.id} but has a lower priority`);
    }
  }
  for (const rows of Map.groupBy(ranked, comparable).values()) faultsOfLimits(family, rows, faults);
}

/** Limits of one kind of figure can be compared. */
function comparable({ kind, detail }: RuleRow): string {
  if (detail.kind === 'window') return `window ${detail.statistic}`;
  if (detail.kind === 'predict') return `predict ${detail.method}`;
  return kind === 'news2' ? `news2 ${detail.kind === 'news2' && detail.single !== null}` : kind;
}

function faultsOfLimits(family: string, ranked: readonly RuleRow[], faults: string[]): void {
  if (ranked[0]?.kind === 'composite') return;
  for (const [i, worse] of ranked.entries()) {
    const lesser = ranked[i - 1];
    if (!lesser) continue;
    const ordered = worse.direction === 'low' ? worse.limit <= lesser.limit : worse.limit >= lesser.limit;
    if (!ordered && worse.vitals.some((vital) => lesser.vitals.includes(vital))) {
      faults.push(`family ${family}: ${worse.id} ranks above ${lesser.id} but its limit is the milder one`);
    }
  }
}

function faultsOfVital(vital: Vital, members: readonly RuleRow[], faults: string[]): void {
  if (members.length > rulesPerVitalMax) {
    faults.push(`${vital}: ${members.length} rules look at it, at most ${rulesPerVitalMax} may`);
  }
  const limits = members.filter(({ kind }) => kind === 'threshold' || kind === 'count' || kind === 'integral');
  for (const low of limits.filter((row) => row.direction === 'low')) {
    for (const high of limits.filter((row) => row.direction === 'high')) {
      if (low.limit >= high.limit) {
        faults.push(`${vital}: ${low.id} (${low.limitText}) is not below ${high.id} (${high.limitText})`);
      }
    }
  }
}

function byVital(rows: readonly RuleRow[]): Map<Vital, RuleRow[]> {
  const map = new Map<Vital, RuleRow[]>();
  for (const row of rows) {
    if (isOfPatient(row) && row.kind === 'composite') continue;
    for (const vital of row.vitals) {
      const members = map.get(vital);
      if (members) members.push(row);
      else map.set(vital, [row]);
    }
  }
  return map;
}
