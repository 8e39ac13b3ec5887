import type { Random } from '../../contract/index.ts';
import { between, wandering } from '../random.ts';
import { type Envelope, endOf, strengthAt } from './envelope.ts';

/** Rate of one patient's heart. */
export interface Heart {
  /** The next second's rate per minute, unrounded, at this oxygen saturation in per cent. */
  step(saturation: number): number;
}

/** Beats per minute that each missing per cent of oxygen below 94 costs. */
const perMissingPercent = 1.3;
/** The rate follows what is asked of it with this time constant. */
const followSeconds = 8;
const possible = [54, 112] as const;

/** Resting rate with slow wandering, a walk now and then, and faster as oxygen falls. */
export function createHeart(random: Random): Heart {
  const resting = between(random, 61, 82);
  const wander = wandering(random, 60);
  let walk = nextWalk(random, 0);
  let rate = resting;
  let second = -1;
  return {
    step(saturation) {
      second++;
      if (second > endOf(walk)) walk = nextWalk(random, second);
      const asked =
        resting +
        2 * wander() +
        walk.faster * strengthAt(walk, second) +
        perMissingPercent * Math.max(0, 94 - saturation);
      rate += (Math.min(possible[1], Math.max(possible[0], asked)) - rate) / followSeconds;
      return rate;
    },
  };
}

function nextWalk(random: Random, after: number): Envelope & { readonly faster: number } {
  return {
    from: Math.round(after + 180 - 720 * Math.log(1 - random.next())),
    faster: between(random, 8, 22),
    rampSeconds: 20,
    holdSeconds: Math.round(between(random, 60, 240)),
    recoverSeconds: 60,
  };
}
