// Seeded desaturations laid over a recording of an oximeter, with the truth that they are made from: what each of them has
// to raise follows from how it was made, and neither from the oracle nor from the program.

/** What was laid over, in seconds of the recording. */
export interface Desaturation {
  /** Of the first reading below 90 %. */
  readonly onset: number;
  /** From there to the last reading below 90 %. */
  readonly lasts: number;
  readonly depth: number;
  /** Readings that are NaN, counted from the onset. */
  readonly missing: { readonly from: number; readonly count: number } | null;
  /** When each rule of the family has to become true; null: never. */
  readonly truth: {
    readonly 'spo2-low': number | null;
    readonly 'spo2-very-low': number | null;
    readonly 'spo2-desat': number | null;
  };
}

/** Chance from a seed (a linear congruential generator; the quality of its chance does not matter). */
function chance(seed: number): () => number {
  let state = seed % 2_147_483_647;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** One way to desaturate: how long below 90, how deep, which readings are missing, and what of it is true when. */
type Shape = (onset: number, random: () => number) => Desaturation;

const never = null;
/** A hold of 15 s: true at the first violating reading 15 s after the first one. */
const hold = 15;

const shapes: Readonly<Record<string, Shape>> = {
  /** The last violating reading comes 14 s after the first. */
  short: (onset) => {
    const truth = { 'spo2-low': never, 'spo2-very-low': never, 'spo2-desat': never };
    return { onset, lasts: hold - 1, depth: 86, missing: null, truth };
  },
  /** It comes 15 s after the first, and only just: 89 is low and not very low. */
  exact: (onset) => {
    const truth = { 'spo2-low': onset + hold, 'spo2-very-low': never, 'spo2-desat': never };
    return { onset, lasts: hold, depth: 89, missing: null, truth };
  },
  /** One to three readings are missing: less than the 5 s that a run bears. */
  speckled: (onset, random) => {
    const missing = { from: 6 + Math.floor(random() * 4), count: 1 + Math.floor(random() * 3) };
    const truth = { 'spo2-low': onset + hold, 'spo2-very-low': onset + 1 + hold, 'spo2-desat': never };
    return { onset, lasts: 22, depth: 85, missing, truth };
  },
  /** Five are missing, so that 6 s lie between two readings: the run begins again after them. */
  broken: (onset) => {
    const missing = { from: 8, count: 5 };
    const again = onset + 8 + 5;
    const truth = { 'spo2-low': again + hold, 'spo2-very-low': again + hold, 'spo2-desat': never };
    return { onset, lasts: 8 + 5 + hold + 3, depth: 87, missing, truth };
  },
  /** To 78 or lower by 4 % a second: no waiting for that. */
  deep: (onset, random) => {
    const lasts = 8 + Math.floor(random() * 6);
    const truth = { 'spo2-low': never, 'spo2-very-low': never, 'spo2-desat': onset + 3 };
    return { onset, lasts, depth: 74, missing: null, truth };
  },
  /** For so long that all three are true. */
  long: (onset) => {
    const truth = { 'spo2-low': onset + hold, 'spo2-very-low': onset + 1 + hold, 'spo2-desat': onset + 3 };
    return { onset, lasts: 40, depth: 76, missing: null, truth };
  },
};

export type ShapeName = 'short' | 'exact' | 'speckled' | 'broken' | 'deep' | 'long';

/** Seconds between the beginnings of two desaturations: all of one is over before the next. */
const apart = 75;

/** The same file with the desaturations in its SpO2 column, and the truth; between them the file's own values stay. */
export function overlaid(
  text: string,
  names: readonly ShapeName[],
  seed: number,
): { csv: string; truth: Desaturation[] } {
  const random = chance(seed);
  const truth: Desaturation[] = [];
  for (const [index, name] of names.entries()) {
    const onset = 10 + index * apart + Math.floor(random() * 10);
    truth.push((shapes[name] as Shape)(onset, random));
  }
  const lines = text.split('\n');
  for (const desaturation of truth) lay(lines, desaturation);
  return { csv: lines.join('\n'), truth };
}

/** Row by row, from the second before the first reading below 90 to the second after the last one. */
function lay(lines: string[], { onset, lasts, depth, missing }: Desaturation): void {
  for (let since = -1; since <= lasts + 1; since++) {
    const row = onset + since + 1;
    const cells = lines[row]?.split(',') ?? [];
    if (cells.length !== 5) throw new Error('the recording is too short for the overlay');
    const isMissing = missing !== null && since >= missing.from && since < missing.from + missing.count;
    // Down to the depth by 4 % a second and up again alike: a step of more than 8 would be implausible.
    const value = Math.max(depth, 89 - 4 * Math.min(since, lasts - since));
    cells[4] = isMissing ? 'NaN' : String(value);
    lines[row] = cells.join(',');
  }
}
