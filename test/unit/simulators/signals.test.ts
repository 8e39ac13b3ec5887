import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeWaveform, isContiguous, Reading, VITALS, type WaveformBlock } from '../../../contract/index.ts';
import { ecgPayload, glucoseReading, pulseReading, spo2Reading } from '../../../simulators/messages.ts';
import { createEcg, ecgRateHz } from '../../../simulators/patients/ecg.ts';
import { createGlucose } from '../../../simulators/patients/glucose.ts';
import { createPatient, type PatientSecond } from '../../../simulators/patients/patient.ts';
import { seededRandom } from '../../../simulators/random.ts';

const seeds = fc.integer({ min: 0, max: 1_000_000 });

function seconds(seed: number, count: number, name = 'kit-1'): readonly PatientSecond[] {
  const patient = createPatient(seed, name);
  return Array.from({ length: count }, () => patient.step());
}

describe('a simulated patient', () => {
  test('does the same again for the same seed, and something else for another seed or name', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const first = seconds(seed, 30);
        const summary = [seconds(seed, 30), seconds(seed + 1, 30), seconds(seed, 30, 'kit-2')].map(
          (other) => JSON.stringify(other) === JSON.stringify(first),
        );
        expect(summary).toEqual([true, false, false]);
      }),
      { numRuns: 20 },
    );
  });

  test('keeps to what a resting body does, over three hours', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const all = seconds(seed, 10_800);
        const outside = all.filter(
          ({ saturation, heartRate, glucose }) =>
            saturation < 90.4 ||
            saturation > 100.4 ||
            heartRate < 51 ||
            heartRate > 119 ||
            glucose < 72 ||
            glucose > 178,
        );
        expect(outside).toEqual([]);
      }),
      { numRuns: 5 },
    );
  }, 120_000);

  test('falls to 86 when it is ordered to, holds and recovers, without a step that no body makes', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const patient = createPatient(seed, 'kit-3');
        patient.desaturate({ from: 60, to: 86, rampSeconds: 12, holdSeconds: 240, recoverSeconds: 60 });
        const shown = Array.from({ length: 500 }, () => Math.round(patient.step().saturation));
        const steepest = Math.max(...shown.slice(1).map((value, i) => Math.abs(value - (shown[i] as number))));
        expect({
          before: shown.slice(0, 60).every((value) => value > 90),
          held: shown.slice(72, 312).every((value) => value >= 85 && value <= 87),
          after: shown.slice(400).every((value) => value > 90),
          plausible: steepest < 8,
        }).toEqual({ before: true, held: true, after: true, plausible: true });
      }),
      { numRuns: 20 },
    );
  });

  test('an ordered fall moves nothing else: before it the signal is the same', () => {
    const ordered = createPatient(7, 'kit-3');
    ordered.desaturate({ from: 60, to: 86, rampSeconds: 12, holdSeconds: 20, recoverSeconds: 10 });
    const free = createPatient(7, 'kit-3');
    const pairs = Array.from({ length: 200 }, () => [ordered.step().saturation, free.step().saturation]);
    const differing = pairs.flatMap(([a, b], second) => (a === b ? [] : [second]));
    expect([differing.at(0), differing.at(-1)]).toEqual([61, 101]);
  });

  test('its glucose rises after a meal and comes back', () => {
    const glucose = createGlucose(seededRandom(1, 'kit-1', 'glucose'));
    const hours = Array.from({ length: 24 }, () => Array.from({ length: 3_600 }, () => glucose.step()));
    const peak = Math.max(...hours.flat());
    expect(peak - Math.min(...hours.flat())).toBeGreaterThan(25);
  });
});

describe('lead II', () => {
  test('beats at the heart rate, within 3 %', () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 45, max: 140 }), (seed, rate) => {
        const ecg = createEcg(seededRandom(seed, 'ecg'));
        const samples = Array.from({ length: 90 }, () => [...ecg.step(rate)]).flat();
        expect(Math.abs(rateOf(peaks(samples)) / rate - 1)).toBeLessThan(0.03);
      }),
      { numRuns: 15 },
    );
  });

  test('follows the heart of its patient', () => {
    const all = seconds(5, 120);
    const mean = all.reduce((sum, { heartRate }) => sum + heartRate, 0) / all.length;
    const samples = all.flatMap(({ ecg }) => [...ecg]);
    expect(Math.abs(rateOf(peaks(samples)) / mean - 1)).toBeLessThan(0.03);
  });

  test('comes in contiguous blocks that decode to the samples that went in', { tags: ['ING-ECG'] }, () => {
    const all = seconds(3, 20);
    const start = 1_772_331_000_000;
    const blocks = all.map(({ ecg: samples, second }) => {
      const takenAt = start + second * 1_000;
      const index = second * ecgRateHz;
      const receivedAt = takenAt + 1_000;
      return decodeWaveform(
        ecgPayload({ boot: 1, seq: second + 1, index, takenAt, receivedAt, discontinuous: false, samples }),
      ) as WaveformBlock;
    });
    const joined = blocks.slice(1).every((block, i) => isContiguous(blocks[i] as WaveformBlock, block));
    expect([joined, blocks.map(({ samples }) => samples)]).toEqual([true, all.map(({ ecg }) => ecg)]);
  });
});

describe('readings of a kit', () => {
  test('all pass the contract, in possible ranges', { tags: ['CON-SCHEMA', 'CON-UNITS'] }, () => {
    const bodies = fc.record({
      saturation: fc.double({ min: -20, max: 130, noNaN: true }),
      heartRate: fc.double({ min: -20, max: 500, noNaN: true }),
      glucose: fc.double({ min: -20, max: 900, noNaN: true }),
    });
    fc.assert(
      fc.property(bodies, ({ saturation, heartRate, glucose }) => {
        const facts = { boot: 1, seq: 1, takenAt: 1_772_331_000_000, receivedAt: 1_772_331_000_040 };
        const readings = [
          spo2Reading(saturation, facts),
          pulseReading(heartRate, facts),
          glucoseReading(glucose, facts),
        ];
        const faults = readings.filter((reading) => {
          const [low, high] = VITALS[reading.vital].possible;
          const value = 'value' in reading ? reading.value : Number.NaN;
          return !Reading.safeParse(JSON.parse(JSON.stringify(reading))).success || !(value >= low && value <= high);
        });
        expect(faults).toEqual([]);
      }),
    );
  });

  test('glucose beyond the sensor is a bound, and a saturation below 50 is bad', { tags: ['CON-ABSENT'] }, () => {
    const facts = { boot: 1, seq: 1, takenAt: 1_772_331_000_000, receivedAt: 1_772_331_000_040 };
    expect([glucoseReading(33, facts), glucoseReading(512, facts), spo2Reading(44, facts)]).toMatchObject([
      { value: 40, bound: 'below' },
      { value: 400, bound: 'above' },
      { value: 44, quality: 'bad' },
    ]);
  });
});

/** Positions of R peaks: the highest sample of each run above half of the highest of all. */
function peaks(samples: readonly number[]): readonly number[] {
  const half = Math.max(...samples) / 2;
  const found: number[] = [];
  let best = -1;
  for (const [i, sample] of samples.entries()) {
    if (sample > half) best = best < 0 || sample > (samples[best] as number) ? i : best;
    else if (best >= 0) {
      found.push(best);
      best = -1;
    }
  }
  return found;
}

function rateOf(positions: readonly number[]): number {
  const span = (positions.at(-1) as number) - (positions[0] as number);
  return (60 * ecgRateHz * (positions.length - 1)) / span;
}
