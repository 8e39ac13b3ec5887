// Rules are data (`alerting.md` 2): a rule set is a clinical artefact, reviewed, versioned, its hash in every alert. The
// kinds that this version knows are rows of one union; a later kind is one more row.
import { z } from 'zod';
import { DurationMs, Id, Priority } from './scalar.ts';
import { type Vital, vitalNames } from './vital.ts';

/** A limit with its UCUM unit, "88 %" or "3.9 mmol/L": a number without a unit is no limit. */
export const LimitText = z
  .string()
  .regex(/^-?\d+(\.\d+)? \S+$/, 'expected a number, a space and a UCUM unit, such as "88 %"');

const common = {
  id: Id,
  version: z.int().min(1),
  /** Ranked rules of one direction of one problem; at most one open alert per patient and family. */
  family: Id,
  /** Higher is worse within the family. */
  rank: z.int().min(0),
  priority: Priority,
  latching: z.boolean().default(false),
  /** Nobody can disable, pause, schedule or lower it. */
  floor: z.boolean().default(false),
  enabled: z.boolean().default(true),
  source: z.string().max(200),
};

export const ThresholdRule = z.strictObject({
  ...common,
  kind: z.literal('threshold'),
  /** One signal, or several of one meaning, such as `hr` and `pulse`; judged each by itself. */
  vitals: z.array(z.enum(vitalNames as readonly [Vital, ...Vital[]])).min(1),
  /** Exactly one of the four; equality is what the word says. */
  below: LimitText.optional(),
  atOrBelow: LimitText.optional(),
  above: LimitText.optional(),
  atOrAbove: LimitText.optional(),
  /** In the vital's canonical unit. */
  deadband: z.number().nonnegative(),
  holdMs: DurationMs,
  recoverMs: DurationMs,
  /** Consecutive usable readings that must violate before it raises; 1: the hold alone decides. */
  readings: z.int().min(1).max(16).default(1),
  /** Raised at once, marked unconfirmed until a second violating reading. */
  confirm: z.boolean().default(false),
});
export type ThresholdRule = z.infer<typeof ThresholdRule>;

export const Rule = z.discriminatedUnion('kind', [ThresholdRule]);
export type Rule = z.infer<typeof Rule>;

/** A whole rule set, as the file has it and as the `rules` record in `inputs` carries it. */
export const RuleSet = z.strictObject({
  id: Id,
  version: z.int().min(1),
  title: z.string().max(200),
  rules: z.array(Rule).min(1).max(512),
});
export type RuleSet = z.infer<typeof RuleSet>;
