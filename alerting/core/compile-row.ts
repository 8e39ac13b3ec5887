// One rule of a set to its row, or every fault of it with its place (ALR-RULES, CON-UNITS): limits in the canonical unit,
// rounded to what is compared; what no value can break or clear is no rule.
import {
  type Condition,
  type Rule,
  roundTo,
  toCanonical,
  toResolution,
  VITALS,
  type Vital,
  type VitalFacts,
} from '../../contract/index.ts';
import { acknowledgeGlucoseHighMs, acknowledgeMs, holdFreshnessMax } from './limits.ts';
import { news2Vitals } from './news2.ts';
import { plausibleLimits } from './plausible.ts';
import { type Detail, type Limit, type Operator, operators, type RuleRow } from './rows.ts';

const operatorNames = Object.keys(operators) as readonly Operator[];

type Limited = { readonly [name in Operator]?: string | undefined };
type OfVitals = Extract<Rule, { readonly vitals: unknown }>;

/** What is compared, and in what unit it is written: a value of the vital, or a slope of it per minute. */
interface Measure {
  /** Canonical number of a text's number and unit; undefined for a unit that is none of the vital's. */
  canonical(vital: Vital, number: number, unit: string): number | undefined;
  round(vital: Vital, number: number): number;
  /** Where a limit can lie at all. */
  plausible(vital: Vital): readonly [number, number];
}

const asValue: Measure = {
  canonical: toCanonical,
  round: toResolution,
  plausible: (vital) => plausibleLimits[vital],
};
/** A spread: no more than the span in which limits lie, and not below nothing. */
const asSpread: Measure = {
  canonical: (vital, number, unit) => scaled(vital, number, unit),
  round: toResolution,
  plausible: (vital) => [0, plausibleLimits[vital][1] - plausibleLimits[vital][0]],
};
const perMinute = '/min';
const asSlope: Measure = {
  canonical: (vital, number, unit) =>
    unit.endsWith(perMinute) ? scaled(vital, number, unit.slice(0, -perMinute.length)) : undefined,
  round: (_vital, number) => roundTo(number, 0.01),
  plausible: (vital) => {
    const [low, high] = plausibleLimits[vital];
    return [low - high, high - low];
  },
};

/** A difference in another unit: the factor counts, an offset does not. */
function scaled(vital: Vital, number: number, unit: string): number | undefined {
  const one = toCanonical(vital, 1, unit);
  const none = toCanonical(vital, 0, unit);
  return one === undefined || none === undefined ? undefined : number * (one - none);
}

/** Faults of one rule, each at its place. */
export class Faults {
  readonly #place: string;
  readonly #into: string[];
  constructor(place: string, into: string[]) {
    this.#place = place;
    this.#into = into;
  }
  get count(): number {
    return this.#into.length;
  }
  add(what: string, at = ''): void {
    this.#into.push(`${this.#place}${at}: ${what}`);
  }
}

/** One rule's row; none with its faults. `before` are the rows of the rules that stand before it. */
export function rowOf(rule: Rule, index: number, before: readonly RuleRow[], into: string[]): RuleRow | undefined {
  const faults = new Faults(`rules.${index} (${rule.id})`, into);
  const count = faults.count;
  if (rule.floor && !rule.enabled) faults.add('a floor rule cannot be disabled', '.enabled');
  const row = partsOf(rule, before, faults);
  if (!row || faults.count > count) return undefined;
  const whole = { ...commonOf(rule, index), ...row };
  edgeFaults(whole, faults);
  return whole;
}

/** What a kind says of its row. */
type Parts = Pick<
  RuleRow,
  'vitals' | 'operator' | 'direction' | 'limit' | 'edge' | 'limitText' | 'readings' | 'windowMs' | 'detail'
>;

function partsOf(rule: Rule, before: readonly RuleRow[], faults: Faults): Parts | undefined {
  if (rule.kind === 'composite') return compositeOf(rule, before, faults);
  if (rule.kind === 'news2') return news2Of(rule, faults);
  vitalFaults(rule, faults);
  const spread = rule.kind === 'window' && rule.statistic === 'deviation';
  const measure = rule.kind === 'rate' ? asSlope : spread ? asSpread : asValue;
  const limit = limitOf(rule, rule.vitals, rule.deadband, measure, faults, '');
  const more = detailOf(rule, faults);
  if (!limit || !more) return undefined;
  const { sign, direction } = operators[limit.operator];
  return {
    vitals: rule.vitals,
    ...limit,
    direction,
    limitText: textOf(rule, `${sign} ${rule[limit.operator]}`),
    readings: 'readings' in rule ? rule.readings : 1,
    ...more,
  };
}

/** The limit as people read it. */
function textOf(rule: OfVitals, limit: string): string {
  switch (rule.kind) {
    case 'threshold':
      return limit;
    case 'rate':
      return `slope ${limit}`;
    case 'count':
      return `${rule.atLeast} of ${rule.of} ${limit}`;
    case 'window':
      return `${rule.statistic}${rule.percentile === undefined ? '' : ` ${rule.percentile}`} ${limit}`;
    case 'integral':
      return `${rule.budget} ${limit}`;
    case 'predict':
      return `${limit} in ${rule.horizonMs / 60_000} min`;
  }
}

function commonOf(rule: Rule, index: number): Omit<RuleRow, keyof Parts> {
  const slow = rule.priority === 'high' && 'vitals' in rule && rule.vitals.includes('glucose');
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
    confirm: rule.kind === 'threshold' && rule.confirm,
    predictive: rule.kind === 'predict',
    holdMs: 'holdMs' in rule ? rule.holdMs : 0,
    recoverMs: 'recoverMs' in rule ? rule.recoverMs : 0,
    acknowledgeMs: slow ? acknowledgeGlucoseHighMs : acknowledgeMs[rule.priority],
    text: JSON.stringify(rule),
  };
}

/** The limit, equal for all vitals; undefined with its fault. */
function limitOf(
  limited: Limited,
  vitals: readonly Vital[],
  deadband: number,
  measure: Measure,
  faults: Faults,
  at: string,
): Limit | undefined {
  const given = operatorNames.filter((name) => limited[name] !== undefined);
  const [operator] = given;
  if (operator === undefined || given.length !== 1) {
    faults.add(`exactly one of ${operatorNames.join(', ')} is needed, ${given.length} are given`, at);
    return undefined;
  }
  const text = limited[operator] as string;
  const [number = '', unit = ''] = text.split(' ');
  const limits = vitals.map((vital) => {
    const canonical = measure.canonical(vital, Number(number), unit);
    if (canonical === undefined) faults.add(`${unit} is no unit of ${vital}`, `${at}.${operator}`);
    else plausibleFaults(vital, canonical, text, measure.plausible(vital), faults, `${at}.${operator}`);
    return canonical === undefined ? undefined : measure.round(vital, canonical);
  });
  if (!limits.includes(undefined) && new Set(limits).size > 1) {
    faults.add(`means different limits for ${vitals.join(', ')}`, `${at}.${operator}`);
  }
  const [limit] = limits;
  if (limit === undefined) return undefined;
  const away = operators[operator].direction === 'low' ? deadband : -deadband;
  return { operator, limit, edge: measure.round(vitals[0] as Vital, limit + away) };
}

/** 4 in a mg/dL field is a slip of the unit, not a limit (HAZ-LIMIT-UNIT). */
function plausibleFaults(
  vital: Vital,
  limit: number,
  text: string,
  [low, high]: readonly [number, number],
  faults: Faults,
  at: string,
): void {
  const { unit } = VITALS[vital];
  if (limit < low || limit > high) {
    faults.add(`${text} is no plausible limit of ${vital}, which lies between ${low} and ${high} ${unit}`, at);
  }
}

function vitalFaults(rule: OfVitals, faults: Faults): void {
  if (new Set(rule.vitals).size !== rule.vitals.length) faults.add('a vital is named twice', '.vitals');
  for (const vital of rule.vitals) {
    const most = holdFreshnessMax * VITALS[vital].freshForMs;
    for (const name of ['holdMs', 'recoverMs'] as const) {
      const ms = (rule as { readonly [key in typeof name]?: number })[name] ?? 0;
      if (ms > most) faults.add(`${ms} is longer than ${most} for ${vital}`, `.${name}`);
    }
  }
}

type More = { readonly windowMs: number; readonly detail: Detail };

/** What only the kind has; undefined with its faults. */
function detailOf(rule: OfVitals, faults: Faults): More | undefined {
  switch (rule.kind) {
    case 'threshold':
      if (rule.confirm && (rule.holdMs > 0 || rule.readings > 1)) {
        faults.add('only a rule that raises at one reading can be unconfirmed', '.confirm');
      }
      return { windowMs: 0, detail: { kind: 'threshold' } };
    case 'rate': {
      const { onlyWhen } = rule;
      const where = onlyWhen && limitOf(onlyWhen, rule.vitals, onlyWhen.deadband, asValue, faults, '.onlyWhen');
      return { windowMs: rule.windowMs, detail: { kind: 'rate', onlyWhen: where ?? null } };
    }
    case 'count': {
      const clearAtLeast = rule.clearAtLeast ?? rule.atLeast;
      if (rule.atLeast > rule.of) faults.add(`${rule.atLeast} of ${rule.of} can never be`, '.atLeast');
      if (clearAtLeast > rule.of) faults.add(`more than the ${rule.of} that are looked at`, '.clearAtLeast');
      return { windowMs: 0, detail: { kind: 'count', atLeast: rule.atLeast, of: rule.of, clearAtLeast } };
    }
    case 'window': {
      const needs = rule.statistic === 'percentile';
      if (needs !== (rule.percentile !== undefined)) {
        faults.add(needs ? 'the percentile is missing' : 'only a percentile has one', '.percentile');
      }
      const { statistic, percentile = 50, minCoverage } = rule;
      return { windowMs: rule.windowMs, detail: { kind: 'window', statistic, percentile, minCoverage } };
    }
    case 'integral':
      return integralOf(rule, faults);
    case 'predict':
      return predictOf(rule, faults);
  }
}

function integralOf(rule: Extract<Rule, { kind: 'integral' }>, faults: Faults): More | undefined {
  const [number = '', unit = ''] = rule.budget.split(' ');
  const perSecond = '.s';
  for (const vital of rule.vitals) {
    if (unit !== `${VITALS[vital].unit}${perSecond}`) {
      faults.add(`${unit} is not ${VITALS[vital].unit}${perSecond}, the unit of ${vital} and seconds`, '.budget');
    }
  }
  const budget = Number(number);
  if (!(budget > 0)) faults.add('a budget is more than nothing', '.budget');
  return { windowMs: 0, detail: { kind: 'integral', budget, resetAfterMs: rule.resetAfterMs } };
}

const predictWindowMs = 15 * 60_000;

function predictOf(rule: Extract<Rule, { kind: 'predict' }>, faults: Faults): More | undefined {
  const { also, method, horizonMs, refractoryMs } = rule;
  const methods = [method, ...(also ? [also.method] : [])];
  if (methods.includes('ar2') && rule.vitals.some((vital) => vital !== 'glucose')) {
    faults.add('this model is of glucose alone', '.method');
  }
  if (rule.floor) faults.add('a prediction is no floor: it only adds', '.floor');
  const second = also && limitOf(also, rule.vitals, rule.deadband, asValue, faults, '.also');
  const other = also && second ? { ...second, method: also.method } : null;
  return { windowMs: predictWindowMs, detail: { kind: 'predict', method, horizonMs, also: other, refractoryMs } };
}

function news2Of(rule: Extract<Rule, { kind: 'news2' }>, faults: Faults): Parts | undefined {
  const { atLeast, single, spo2Scale: scale, validForMs, byHandValidForMs } = rule;
  if ((atLeast === undefined) === (single === undefined)) faults.add('exactly one of atLeast and single is needed');
  const limit = atLeast ?? single ?? 0;
  return {
    vitals: news2Vitals,
    operator: 'atOrAbove',
    direction: 'high',
    limit,
    edge: limit,
    limitText: `NEWS2 ${single === undefined ? '' : 'one parameter '}>= ${limit}`,
    readings: 1,
    windowMs: 0,
    detail: { kind: 'news2', atLeast: atLeast ?? null, single: single ?? null, scale, validForMs, byHandValidForMs },
  };
}

/** Operands stand before it, so no cycle can be written. */
function compositeOf(
  rule: Extract<Rule, { kind: 'composite' }>,
  before: readonly RuleRow[],
  faults: Faults,
): Parts | undefined {
  const operands = operandsOf(rule.condition);
  const rows = operands.flatMap((id) => {
    const row = before.find((each) => each.id === id);
    if (!row) faults.add(`no rule before it has the id ${id}`, '.condition');
    return row ? [row] : [];
  });
  return {
    vitals: [...new Set(rows.flatMap(({ vitals }) => [...vitals]))],
    operator: 'atOrAbove',
    direction: 'high',
    limit: 1,
    edge: 1,
    limitText: `together: ${operands.join(', ')}`,
    readings: 1,
    windowMs: 0,
    detail: { kind: 'composite', condition: rule.condition, operands },
  };
}

function operandsOf(condition: Condition): string[] {
  if ('rule' in condition) return [condition.rule];
  if ('not' in condition) return operandsOf(condition.not);
  return ('all' in condition ? condition.all : condition.any).flatMap(operandsOf);
}

/** An alert that no value can end, or a rule that no value can break, is no rule. */
function edgeFaults(row: RuleRow, faults: Faults): void {
  if (row.kind === 'composite' || row.kind === 'news2') return;
  const { violates, clears } = operators[row.operator];
  for (const vital of row.vitals) {
    const { possible }: VitalFacts = VITALS[vital];
    const spread = row.detail.kind === 'window' && row.detail.statistic === 'deviation';
    const span = possible[1] - possible[0];
    const ends = row.kind === 'rate' ? [-span, span] : spread ? [0, span] : possible;
    if (!ends.some((end) => violates(end, row.limit))) faults.add(`no value of ${vital} can violate it`);
    if (!ends.some((end) => clears(end, row.edge))) faults.add(`no value of ${vital} can clear it`, '.deadband');
  }
}
