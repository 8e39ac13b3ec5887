import type { Random } from '../../contract/index.ts';
import { between, gaussian, wandering } from '../random.ts';

/** Samples per second of lead II. */
export const ecgRateHz = 250;
/** Microvolt of one step of a sample. */
export const ecgScaleMicrovolt = 5;

/** Lead II of one patient. */
export interface Ecg {
  /** The next second's samples at this heart rate per minute. */
  step(ratePerMinute: number): Int16Array;
}

/** A wave of the beat: centre relative to the R peak and width in seconds, height in microvolt. */
interface Wave {
  readonly at: number;
  readonly width: number;
  readonly height: number;
  /** The centre's distance stretches with the square root of the interval between beats. */
  readonly stretches: boolean;
}

const waves: readonly Wave[] = [
  { at: -0.165, width: 0.022, height: 120, stretches: true }, // P
  { at: -0.034, width: 0.009, height: -90, stretches: false }, // Q
  { at: 0, width: 0.011, height: 1_100, stretches: false }, // R
  { at: 0.031, width: 0.011, height: -210, stretches: false }, // S
  { at: 0.29, width: 0.048, height: 280, stretches: true }, // T
];

/** Farther from its R peak a beat is below the resolution. */
const reachSeconds = 0.6;

interface Beat {
  readonly at: number;
  readonly interval: number;
}

/** Sum of Gaussian waves per beat, beats following the rate with about 2 % variability, breathing baseline, noise of 8 uV. */
export function createEcg(random: Random): Ecg {
  const gain = between(random, 0.8, 1.2);
  const breathsPerSecond = between(random, 0.2, 0.3);
  const variability = wandering(random, 6);
  let beats: Beat[] = [{ at: between(random, 0, 0.8), interval: 0.8 }];
  let second = -1;
  return {
    step(ratePerMinute) {
      second++;
      let last = beats.at(-1) as Beat;
      while (last.at < second + 1 + reachSeconds) {
        const interval = (60 / ratePerMinute) * (1 + 0.02 * Math.max(-2, Math.min(2, variability())));
        last = { at: last.at + interval, interval };
        beats.push(last);
      }
      beats = beats.filter((beat) => beat.at > second - reachSeconds);
      const samples = new Int16Array(ecgRateHz);
      for (let i = 0; i < ecgRateHz; i++) {
        const at = second + i / ecgRateHz;
        const baseline = 60 * Math.sin(2 * Math.PI * breathsPerSecond * at);
        const microvolt = gain * beatsAt(beats, at) + baseline + 8 * gaussian(random);
        samples[i] = Math.round(microvolt / ecgScaleMicrovolt);
      }
      return samples;
    },
  };
}

function beatsAt(beats: readonly Beat[], at: number): number {
  let sum = 0;
  for (const beat of beats) {
    const distance = at - beat.at;
    if (Math.abs(distance) > reachSeconds) continue;
    const stretch = Math.sqrt(beat.interval);
    for (const wave of waves) {
      const z = (distance - wave.at * (wave.stretches ? stretch : 1)) / wave.width;
      if (z > -5 && z < 5) sum += wave.height * Math.exp(-0.5 * z * z);
    }
  }
  return sum;
}
