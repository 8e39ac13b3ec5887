import type { Random } from '../../contract/index.ts';
import { between, wandering } from '../random.ts';

/** Glucose under the skin of one patient, as a continuous monitor sees it. */
export interface Glucose {
  /** The next second's sensor value in mg/dL, unrounded, beyond the sensor's range too. */
  step(): number;
}

/** Blood's return to its basal value: the liver and the tissues. */
const returnMinutes = 110;
/** Carbohydrate leaves the gut through two compartments, insulin acts through two slower ones. */
const gutMinutes = 22;
const insulinMinutes = 34;
/** What 1 g of carbohydrate would add to an adult's glucose with nothing against it. */
const risePerGram = 5;
/** The tissue under the skin follows the blood. */
const tissueMinutes = 8;

/**
 * A linear model in minutes: a meal's carbohydrate raises, its insulin lowers by about as much but later, the rest returns
 * to basal. Then the sensor: the tissue's lag and noise that remembers itself for ten minutes.
 */
export function createGlucose(random: Random): Glucose {
  const basal = between(random, 96, 118);
  const noise = wandering(random, 600);
  const gut = delay(gutMinutes);
  const insulin = delay(insulinMinutes);
  let blood = basal + between(random, -6, 10);
  let tissue = blood;
  let mealAt = Math.round(between(random, 15, 90) * 60);
  let second = -1;
  return {
    step() {
      second++;
      if (second === mealAt) {
        const rise = risePerGram * between(random, 18, 40);
        gut.put(rise);
        insulin.put(rise * between(random, 0.88, 1.06));
        mealAt += Math.round(between(random, 4, 6) * 3_600);
      }
      blood += gut.perSecond() - insulin.perSecond() + (basal - blood) / (returnMinutes * 60);
      tissue += (blood - tissue) / (tissueMinutes * 60);
      return tissue + 2.5 * noise();
    },
  };
}

/** Two compartments in a row: what is put in comes out as a hump. */
function delay(minutes: number): { put(amount: number): void; perSecond(): number } {
  const share = 1 / (minutes * 60);
  let first = 0;
  let second = 0;
  return {
    put(amount) {
      first += amount;
    },
    perSecond() {
      const out = second * share;
      second += first * share - out;
      first -= first * share;
      return out;
    },
  };
}
