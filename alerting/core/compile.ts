// From a rule set to rows, once. Purpose: ALR-RULES, CON-UNITS. A set with any fault gives no rows at all, and every fault
// of it at once, each with its place: a clinician corrects a file, not a guess.
import {
  type Rule,
  RuleSet,
  type ThresholdRule,
  toCanonical,
  toResolution,
  VITALS,
  type Vital,
  type VitalFacts,
} from '../../contract/index.ts';
import { acknowledgeGlucoseHighMs, acknowledgeMs, holdFreshnessMax, rulesPerVitalMax } from './limits.ts';
import { plausibleLimits } from './plausible.ts';
import { type Operator, operators, type RuleRow } from './rows.ts';

/** A rule set without a fault. */
export interface CompiledRules {
  readonly set: RuleSet;
  /** The whole set in canonical JSON; its hash stands in every alert. */
  readonly text: string;
  readonly rows: readonly RuleRow[];
  readonly byVital: ReadonlyMap<Vital, readonly RuleRow[]>;
}

const operatorNames = Object.keys(operators) as readonly Operator[];
const priorityOrder = { low: 0, medium: 1, high: 2 } as const;

/** Compiles a rule set, from a file or a record; or every fault of it, with its place. */
export function compileRules(candidate: unknown): { readonly rules: CompiledRules } | { readonly faults: string[] } {
  const parsed = RuleSet.safeParse(candidate);
  if (!parsed.success) {
    return { faults: parsed.error.issues.map((issue) => `${issue.path.join('.') || 'rule set'}: ${issue.message}`) };
  }
  const set = parsed.data;
  const faults: string[] = [];
  const rows = set.rules.flatMap((rule, index) => rowsOf(rule, index, faults));
  faultsOfSet(set, rows, faults);
  if (faults.length > 0) return { faults };
  const enabled = rows.filter((row) => set.rules[row.index]?.enabled);
  return { rules: { set, text: JSON.stringify(set), rows: enabled, byVital: byVital(enabled) } };
}

/** One rule's row, or its faults. */
function rowsOf(rule: Rule, index: number, faults: string[]): RuleRow[] {
  const place = `rules.${index} (${rule.id})`;
  const before = faults.length;
  const given = operatorNames.filter((name) => rule[name] !== undefined);
  const [operator] = given;
  if (operator === undefined || given.length !== 1) {
    faults.push(`${place}: exactly one of ${operatorNames.join(', ')} is needed, ${given.length} are given`);
    return [];
  }
  const limit = limitOf(rule, operator, place, faults);
  faultsOfRule(rule, place, faults);
  if (faults.length > before || limit === undefined) return [];
  const row = rowOf(rule, index, operator, limit);
  faultsOfEdge(row, place, faults);
  return [row];
}

/** The limit in the canonical unit as displayed, equal for all vitals of the rule; undefined with its fault. */
function limitOf(rule: ThresholdRule, operator: Operator, place: string, faults: string[]): number | undefined {
  const text = rule[operator] as string;
  const [number = '', unit = ''] = text.split(' ');
  const limits = rule.vitals.map((vital) => {
    const canonical = toCanonical(vital, Number(number), unit);
    if (canonical === undefined) faults.push(`${place}.${operator}: ${unit} is no unit of ${vital}`);
    else faultsOfLimit(vital, canonical, text, `${place}.${operator}`, faults);
    return canonical === undefined ? undefined : toResolution(vital, canonical);
  });
  if (!limits.includes(undefined) && new Set(limits).size > 1)
    faults.push(`${place}.${operator}: means different limits for ${rule.vitals.join(', ')}`);
  return limits[0];
}

/** 4 in a mg/dL field is a slip of the unit, not a limit (HAZ-LIMIT-UNIT). */
function faultsOfLimit(vital: Vital, limit: number, text: string, place: string, faults: string[]): void {
  const [low, high] = plausibleLimits[vital];
  const { unit } = VITALS[vital];
  if (limit < low || limit > high) {
    faults.push(`${place}: ${text} is no plausible limit of ${vital}, which lies between ${low} and ${high} ${unit}`);
  }
}

function faultsOfRule(rule: ThresholdRule, place: string, faults: string[]): void {
  if (new Set(rule.vitals).size !== rule.vitals.length) faults.push(`${place}.vitals: a vital is named twice`);
  for (const vital of rule.vitals) {
    const most = holdFreshnessMax * VITALS[vital].freshForMs;
    if (rule.holdMs > most) faults.push(`${place}.holdMs: ${rule.holdMs} is longer than ${most} for ${vital}`);
    if (rule.recoverMs > most) faults.push(`${place}.recoverMs: ${rule.recoverMs} is longer than ${most} for ${vital}`);
  }
  if (rule.floor && !rule.enabled) faults.push(`${place}.enabled: a floor rule cannot be disabled`);
  if (rule.confirm && (rule.holdMs > 0 || rule.readings > 1)) {
    faults.push(`${place}.confirm: only a rule that raises at one reading can be unconfirmed`);
  }
}

function rowOf(rule: ThresholdRule, index: number, operator: Operator, limit: number): RuleRow {
  const { sign, direction } = operators[operator];
  const vital = rule.vitals[0] as Vital;
  const away = direction === 'low' ? rule.deadband : -rule.deadband;
  const slow = rule.priority === 'high' && rule.vitals.includes('glucose');
  return {
    index,
    kind: rule.kind,
    id: rule.id,
    version: rule.version,
    family: rule.family,
    rank: rule.rank,
    priority: rule.priority,
    latching: rule.latching,
    floor: rule.floor,
    confirm: rule.confirm,
    vitals: rule.vitals,
    operator,
    direction,
    limit,
    edge: toResolution(vital, limit + away),
    limitText: `${sign} ${rule[operator]}`,
    holdMs: rule.holdMs,
    recoverMs: rule.recoverMs,
    readings: rule.readings,
    acknowledgeMs: slow ? acknowledgeGlucoseHighMs : acknowledgeMs[rule.priority],
    text: JSON.stringify(rule),
  };
}

/** An alert that no value can end, or a rule that no value can break, is no rule. */
function faultsOfEdge(row: RuleRow, place: string, faults: string[]): void {
  const { violates, clears } = operators[row.operator];
  for (const vital of row.vitals) {
    const { possible }: VitalFacts = VITALS[vital];
    if (!possible.some((end) => violates(end, row.limit))) faults.push(`${place}: no value of ${vital} can violate it`);
    if (!possible.some((end) => clears(end, row.edge))) {
      faults.push(`${place}.deadband: no value of ${vital} can clear it`);
    }
  }
}

function faultsOfSet(set: RuleSet, rows: readonly RuleRow[], faults: string[]): void {
  const seen = new Set<string>();
  for (const [index, { id }] of set.rules.entries()) {
    if (seen.has(id)) faults.push(`rules.${index} (${id}): a second rule of this id`);
    seen.add(id);
  }
  for (const [family, members] of Map.groupBy(rows, (row) => row.family)) faultsOfFamily(family, members, faults);
  const vitals = byVital(rows);
  for (const [vital, members] of vitals) faultsOfVital(vital, members, faults);
}

/** Ranks follow limits and priorities: what is worse must not count as less (`alerting.md` 2.13). */
function faultsOfFamily(family: string, members: readonly RuleRow[], faults: string[]): void {
  if (new Set(members.map((row) => row.direction)).size > 1) {
    faults.push(`family ${family}: has rules of both directions`);
    return;
  }
  const ranked = members.toSorted((a, b) => a.rank - b.rank);
  for (const [i, worse] of ranked.entries()) {
    const lesser = ranked[i - 1];
    if (!lesser) continue;
    if (lesser.rank === worse.rank) faults.push(`family ${family}: ${lesser.id} and ${worse.id} have the same rank`);
    if (priorityOrder[worse.priority] < priorityOrder[lesser.priority]) {
      faults.push(`family ${family}: ${worse.id} ranks above ${lesser.id} but has a lower priority`);
    }
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
  for (const low of members.filter((row) => row.direction === 'low')) {
    for (const high of members.filter((row) => row.direction === 'high')) {
      if (low.limit >= high.limit) {
        faults.push(`${vital}: ${low.id} (${low.limitText}) is not below ${high.id} (${high.limitText})`);
      }
    }
  }
}

function byVital(rows: readonly RuleRow[]): Map<Vital, RuleRow[]> {
  const map = new Map<Vital, RuleRow[]>();
  for (const row of rows) {
    for (const vital of row.vitals) {
      const members = map.get(vital);
      if (members) members.push(row);
      else map.set(vital, [row]);
    }
  }
  return map;
}
