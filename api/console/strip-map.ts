// Where on a strip a sample stands: pure, on plain numbers. 25 mm a second and 10 mm a millivolt, whatever a millimetre is on
// this screen: the grid is drawn from the same one. A moment has one place on the sweep, wherever the sweep stands.

/** All in the canvas's own pixels. */
export interface StripMap {
  readonly width: number;
  readonly height: number;
  /** One pixel of the page. */
  readonly dot: number;
  readonly windowMs: number;
  readonly mm: number;
  /** Where 0 mV lies. */
  readonly baseline: number;
}

const mmPerSecond = 25;
const mmPerMillivolt = 10;
/** Finer than this a beat cannot be told from its neighbour. */
const finestMm = 2.4;
/** Part of the height above 0 mV: R peaks are higher than S waves are deep. */
const aboveBaseline = 0.62;
const lengthsS = [12, 6, 3] as const;

/** Longest of the usual lengths whose millimetre can still be seen. */
export function secondsFor(cssWidth: number): number {
  return lengthsS.find((seconds) => cssWidth / (seconds * mmPerSecond) >= finestMm) ?? 3;
}

export function stripMap(width: number, height: number, seconds: number, dot = 1): StripMap {
  return {
    width,
    height,
    dot,
    windowMs: seconds * 1_000,
    mm: width / (seconds * mmPerSecond),
    baseline: Math.round(height * aboveBaseline),
  };
}

/** Pixels swept since the beginning of time: `xOf` without its turns. */
export function sweptOf({ width, windowMs }: StripMap, atMs: number): number {
  return (atMs / windowMs) * width;
}

export function xOf({ width, windowMs }: StripMap, atMs: number): number {
  return ((atMs % windowMs) / windowMs) * width;
}

export function yOf({ baseline, mm }: StripMap, microvolt: number): number {
  return baseline - (microvolt / 1_000) * mmPerMillivolt * mm;
}
