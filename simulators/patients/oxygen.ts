import type { Random } from '../../contract/index.ts';
import { between, gaussian, wandering } from '../random.ts';
import { type Envelope, endOf, strengthAt } from './envelope.ts';

/** A fall of the oxygen saturation to a value, as a scenario orders it. */
export interface Desaturation extends Envelope {
  /** Per cent. */
  readonly to: number;
}

/** Oxygen saturation of one patient. */
export interface Oxygen {
  /** Orders a fall; several overlapping ones: the deepest counts. */
  desaturate(fall: Desaturation): void;
  /** The next second's saturation in per cent, unrounded. */
  step(): number;
}

/** Falls of its own stay above this, so that what alarms is what a scenario ordered. */
const shallowestOwnFall = 91;

/** At rest 95 to 98 %, slow wandering, and a shallow fall of its own every ten minutes or so. */
export function createOxygen(random: Random): Oxygen {
  const baseline = between(random, 95.8, 97.8);
  const wander = wandering(random, 120);
  const ordered: Desaturation[] = [];
  let own = nextOwnFall(random, 0, baseline);
  let second = -1;
  return {
    desaturate: (fall) => void ordered.push(fall),
    step() {
      second++;
      if (second > endOf(own)) own = nextOwnFall(random, second, baseline);
      const resting = Math.min(99.4, Math.max(94.6, baseline + 0.5 * wander()));
      let natural = resting + (own.to - resting) * strengthAt(own, second);
      natural = Math.max(shallowestOwnFall, natural);
      // Drawn every second, needed or not: an order must not move the rest of the stream.
      const noise = Math.max(-1, Math.min(1, 0.3 * gaussian(random)));
      let value = natural;
      for (const fall of ordered) value = Math.min(value, natural + (fall.to - natural) * strengthAt(fall, second));
      return value + noise * 0.5;
    },
  };
}

function nextOwnFall(random: Random, after: number, baseline: number): Desaturation {
  return {
    from: Math.round(after + 120 - 480 * Math.log(1 - random.next())),
    to: Math.max(shallowestOwnFall, baseline - between(random, 2, 4.5)),
    rampSeconds: Math.round(between(random, 15, 35)),
    holdSeconds: Math.round(between(random, 5, 20)),
    recoverSeconds: Math.round(between(random, 10, 20)),
  };
}
