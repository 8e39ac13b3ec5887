import { seededRandom } from '../random.ts';
import { createEcg } from './ecg.ts';
import { createGlucose } from './glucose.ts';
import { createHeart } from './heart.ts';
import { createOxygen, type Desaturation } from './oxygen.ts';

/** What a body does in one second. */
export interface PatientSecond {
  /** Seconds since the patient's first. */
  readonly second: number;
  /** Per cent, unrounded. */
  readonly saturation: number;
  /** Beats per minute, unrounded. */
  readonly heartRate: number;
  /** mg/dL under the skin, unrounded. */
  readonly glucose: number;
  /** Lead II of the second that ends here, 250 samples of 5 uV. */
  readonly ecg: Int16Array;
}

/** A patient who does not exist. */
export interface SimulatedPatient {
  /** Orders a fall of the saturation, seconds counted from the patient's first. */
  desaturate(fall: Desaturation): void;
  step(): PatientSecond;
}

/** The same seed and name give the same body, second by second, however fast the seconds are asked for. */
export function createPatient(seed: number, name: string): SimulatedPatient {
  const oxygen = createOxygen(seededRandom(seed, name, 'oxygen'));
  const heart = createHeart(seededRandom(seed, name, 'heart'));
  const ecg = createEcg(seededRandom(seed, name, 'ecg'));
  const glucose = createGlucose(seededRandom(seed, name, 'glucose'));
  let second = -1;
  return {
    desaturate: (fall) => oxygen.desaturate(fall),
    step() {
      second++;
      const saturation = oxygen.step();
      const heartRate = heart.step(saturation);
      return { second, saturation, heartRate, glucose: glucose.step(), ecg: ecg.step(heartRate) };
    },
  };
}
