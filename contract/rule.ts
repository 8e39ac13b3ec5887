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

/** One signal, or several of one meaning, such as `hr` and `pulse`; judged each by itself. */
const vitals = z.array(z.enum(vitalNames as readonly [Vital, ...Vital[]])).min(1);

/** Exactly one of the four; equality is what the word says. */
const limit = {
  below: LimitText.optional(),
  atOrBelow: LimitText.optional(),
  above: LimitText.optional(),
  atOrAbove: LimitText.optional(),
};

/** In the unit of what is compared, canonical: a recovery begins this far beyond the limit. */
const deadband = z.number().nonnegative();
/** Consecutive usable readings that must violate before it raises; 1: the hold alone decides. */
const readings = z.int().min(1).max(16).default(1);
/** Longest window of any rule; over 15 min it is kept as 60 buckets. */
const windowMs = DurationMs.min(1_000).max(24 * 3_600_000);

export const ThresholdRule = z.strictObject({
  ...common,
  kind: z.literal('threshold'),
  vitals,
  ...limit,
  deadband,
  holdMs: DurationMs,
  recoverMs: DurationMs,
  readings,
  /** Raised at once, marked unconfirmed until a second violating reading. */
  confirm: z.boolean().default(false),
});
export type ThresholdRule = z.infer<typeof ThresholdRule>;

/** Least-squares slope per minute over a window (`alerting.md` 2.3); its unit is the vital's and `/min`. */
export const RateRule = z.strictObject({
  ...common,
  kind: z.literal('rate'),
  vitals,
  ...limit,
  windowMs: windowMs.max(15 * 60_000),
  /** Bounds the current value: beyond it by its deadband the rule is over. */
  onlyWhen: z.strictObject({ ...limit, deadband: deadband.default(0) }).optional(),
  deadband,
  holdMs: DurationMs.default(0),
  recoverMs: DurationMs.default(0),
  readings,
});
export type RateRule = z.infer<typeof RateRule>;

/** N of the last M usable readings violate (`alerting.md` 2.4). */
export const CountRule = z.strictObject({
  ...common,
  kind: z.literal('count'),
  vitals,
  ...limit,
  deadband,
  atLeast: z.int().min(1).max(32),
  of: z.int().min(1).max(32),
  /** Readings in a row beyond the clear limit that end it; default `atLeast`. */
  clearAtLeast: z.int().min(1).max(32).optional(),
  holdMs: DurationMs.default(0),
  recoverMs: DurationMs.default(0),
});
export type CountRule = z.infer<typeof CountRule>;

export const windowStatistics = ['mean', 'min', 'max', 'median', 'percentile', 'deviation'] as const;

/** A time-weighted figure over a window (`alerting.md` 2.5). */
export const WindowRule = z.strictObject({
  ...common,
  kind: z.literal('window'),
  vitals,
  ...limit,
  statistic: z.enum(windowStatistics),
  /** Of `percentile` alone. */
  percentile: z.number().min(1).max(99).optional(),
  windowMs,
  /** Share of the window that readings have to cover; less is unknown. */
  minCoverage: z.number().min(0.1).max(1).default(0.7),
  deadband,
  holdMs: DurationMs.default(0),
  recoverMs: DurationMs.default(0),
  readings,
});
export type WindowRule = z.infer<typeof WindowRule>;

/** Depth beyond a limit times its duration (`alerting.md` 2.6). */
export const IntegralRule = z.strictObject({
  ...common,
  kind: z.literal('integral'),
  vitals,
  ...limit,
  /** In the canonical unit and seconds, "100 %.s". */
  budget: LimitText,
  deadband,
  /** Beyond limit and deadband for this long the sum begins anew. */
  resetAfterMs: DurationMs.default(5_000),
  recoverMs: DurationMs,
});
export type IntegralRule = z.infer<typeof IntegralRule>;

export const predictionMethods = ['damped-linear', 'ar2'] as const;

/** The value is not beyond the limit yet, and is expected to be within the horizon (`alerting.md` 2.8). */
export const PredictRule = z.strictObject({
  ...common,
  kind: z.literal('predict'),
  vitals,
  ...limit,
  method: z.enum(predictionMethods),
  horizonMs: DurationMs.min(5 * 60_000).max(60 * 60_000),
  /** A second prediction that has to agree. */
  also: z.strictObject({ method: z.enum(predictionMethods), ...limit }).optional(),
  deadband,
  readings: z.int().min(1).max(16).default(2),
  /** Not raised again for so long. */
  refractoryMs: DurationMs.default(30 * 60_000),
});
export type PredictRule = z.infer<typeof PredictRule>;

/** Deepest nesting of a composite condition. */
export const compositeDepthMax = 4;

export type Condition =
  | { readonly rule: string }
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition };

function condition(depth: number): z.ZodType<Condition> {
  const leaf = z.strictObject({ rule: Id });
  if (depth === 0) return leaf;
  const inner = condition(depth - 1);
  const list = z.array(inner).min(1).max(8);
  return z.union([leaf, z.strictObject({ all: list }), z.strictObject({ any: list }), z.strictObject({ not: inner })]);
}

/** Rules of one patient together, in three-valued logic (`alerting.md` 2.10). */
export const CompositeRule = z.strictObject({
  ...common,
  kind: z.literal('composite'),
  condition: condition(compositeDepthMax),
  holdMs: DurationMs.default(0),
  recoverMs: DurationMs.default(0),
});
export type CompositeRule = z.infer<typeof CompositeRule>;

/** The aggregate early warning score of the RCP, 2017 (`alerting.md` 2.11): exactly one of `atLeast` and `single`. */
export const News2Rule = z.strictObject({
  ...common,
  kind: z.literal('news2'),
  /** The sum. */
  atLeast: z.int().min(1).max(20).optional(),
  /** One parameter by itself. */
  single: z.int().min(1).max(3).optional(),
  spo2Scale: z.union([z.literal(1), z.literal(2)]).default(1),
  /** How long a parameter counts: from a device, and observed by hand. */
  validForMs: DurationMs.default(60 * 60_000),
  byHandValidForMs: DurationMs.default(12 * 3_600_000),
});
export type News2Rule = z.infer<typeof News2Rule>;

export const Rule = z.discriminatedUnion('kind', [
  ThresholdRule,
  RateRule,
  CountRule,
  WindowRule,
  IntegralRule,
  PredictRule,
  CompositeRule,
  News2Rule,
]);
export type Rule = z.infer<typeof Rule>;

/** A whole rule set, as the file has it and as the `rules` record in `inputs` carries it. */
export const RuleSet = z.strictObject({
  id: Id,
  version: z.int().min(1),
  title: z.string().max(200),
  /** Age from which the set holds, years; NEWS2 is for 16 and older alone. */
  fromAge: z.int().min(0).max(120).optional(),
  rules: z.array(Rule).min(1).max(512),
});
export type RuleSet = z.infer<typeof RuleSet>;
