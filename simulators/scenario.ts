/** What happens in a ward, as data; `at` in seconds since its start, `kit` by name. */
export type ScenarioEvent =
  | {
      readonly at: number;
      readonly kit: string;
      readonly what: 'desaturate';
      /** Per cent. */
      readonly to: number;
      readonly rampSeconds: number;
      readonly holdSeconds: number;
      readonly recoverSeconds: number;
    }
  /** The battery is gone: no goodbye, no more data, no beats. */
  | { readonly at: number; readonly kit: string; readonly what: 'silent' };

/** A fall that a person orders by hand goes like this one too. */
export const fallTo86 = { to: 86, rampSeconds: 12, holdSeconds: 240, recoverSeconds: 60 } as const;

/** The first start's ward (`interfaces.md` 11): one patient falls to 86 after a minute, one kit falls silent after three. */
const firstStart: readonly ScenarioEvent[] = [
  { at: 60, kit: 'kit-3', what: 'desaturate', ...fallTo86 },
  { at: 180, kit: 'kit-6', what: 'silent' },
];

/** What `sim run` can play, by name. */
export const scenarios = { 'first-start': firstStart, quiet: [] } as const satisfies Record<
  string,
  readonly ScenarioEvent[]
>;
export type ScenarioName = keyof typeof scenarios;
