// The oracle's own reading of a rule set: plain JSON, no schema. What a rule leaves out has the value that the text gives.
import { mgOfMmol } from './facts.ts';

export type Operator = 'below' | 'atOrBelow' | 'above' | 'atOrAbove';
export type Priority = 'low' | 'medium' | 'high';

export interface OracleRule {
  readonly kind: string;
  readonly id: string;
  readonly family: string;
  readonly rank: number;
  readonly priority: Priority;
  readonly latching: boolean;
  readonly signals: readonly string[];
  readonly operator: Operator;
  /** In the canonical unit, as displayed. */
  readonly limit: number;
  /** As people read it: `< 70 mg/dL`. */
  readonly limitText: string;
  readonly deadband: number;
  readonly holdMs: number;
  readonly recoverMs: number;
  /** Consecutive readings (`alerting.md` 2.4). */
  readonly readings: number;
  /** All the rule says, for a kind that needs more. */
  readonly text: Readonly<Record<string, unknown>>;
}

const signs: Readonly<Record<Operator, string>> = { below: '<', atOrBelow: '<=', above: '>', atOrAbove: '>=' };
const operators = ['below', 'atOrBelow', 'above', 'atOrAbove'] as const;

/** Rules of a rule set's text that are not switched off. */
export function readRules(json: string): readonly OracleRule[] {
  const set = JSON.parse(json) as { rules: Record<string, unknown>[] };
  const rules: OracleRule[] = [];
  for (const text of set.rules) if (text['enabled'] !== false) rules.push(ruleOf(text));
  return rules;
}

function ruleOf(text: Record<string, unknown>): OracleRule {
  const operator = operators.find((name) => text[name] !== undefined);
  if (operator === undefined) throw new Error(`rule ${text['id']} has no limit that the oracle knows`);
  const written = String(text[operator]);
  const [number = '', unit = ''] = written.split(' ');
  const factor = unit === 'mmol/L' ? mgOfMmol : 1;
  return {
    kind: String(text['kind']),
    id: String(text['id']),
    family: String(text['family']),
    rank: Number(text['rank']),
    priority: text['priority'] as Priority,
    latching: text['latching'] === true,
    signals: text['vitals'] as string[],
    operator,
    limit: factor === 1 ? Number(number) : Math.round(Number(number) * factor),
    limitText: `${signs[operator]} ${written}`,
    deadband: Number(text['deadband'] ?? 0),
    holdMs: Number(text['holdMs'] ?? 0),
    recoverMs: Number(text['recoverMs'] ?? 0),
    readings: Number(text['readings'] ?? 1),
    text,
  };
}
