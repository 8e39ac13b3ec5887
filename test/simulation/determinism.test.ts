// Item 4 of the path, on the level of the host and its log: what stands in `alerts` after kills, blind spans, copies and an
// acknowledgement is what the recorded `inputs` give when they are judged again from the start.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { type AlertEvent, decodeInput, type InputRecord, partitionOf } from '../../contract/index.ts';
import { pseudoRandom } from '../../simulators/index.ts';
import { bodies, difference, judge, newEngine } from '../support/core.ts';
import { acknowledgement, beat, reading, VirtualWard } from './ward.ts';

const patients = ['p-1', 'p-2', 'p-3', 'p-4'] as const;
const seconds = 120;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vigil-determinism-'));
  return () => rm(folder, { recursive: true, force: true });
});

/** Saturation of a patient at a second: p-1 falls and recovers, p-2 stays low, p-3 falls silent, p-4 falls while we are dead. */
function saturation(patient: string, second: number): number | undefined {
  if (patient === 'p-1') return second >= 8 && second < 40 ? 84 : 97;
  if (patient === 'p-2') return second >= 10 ? 86 : 95;
  if (patient === 'p-3') return second < 6 || second > 100 ? 98 : undefined;
  return second >= 32 && second < 75 ? 76 : 96;
}

/** Two minutes of four patients: two kills, one of them for 18 s, a suspension of 9 s, and a clinician. */
async function recorded(seed: number): Promise<VirtualWard> {
  const ward = new VirtualWard({ folder, seed, patients });
  await ward.start();
  for (const message of ward.settings()) ward.send(message);
  const chance = (what: string, below: number) => pseudoRandom(seed, what) % below;
  for (let second = 0; second < seconds; second++) {
    for (const patient of patients) {
      const value = saturation(patient, second);
      if (value !== undefined) ward.send(reading(patient, second + 1, value, ward.clock.wall()));
      if (second % 10 === 0 && patient !== 'p-3') ward.send(beat(patient, second / 10 + 1, ward.clock.wall()));
    }
    if (second === 30 || second === 86)
      ward.killAfter(chance(`call ${second}`, 12), chance(`lands ${second}`, 2) === 1);
    if (second === 48 || second === 92) {
      if (ward.isUp) throw new Error(`it should be dead by second ${second}`);
      await ward.bury();
      await ward.start();
    }
    await ward.deliver();
    if (second === 60) await acknowledged(ward);
    if (second === 70) await ward.clock.leap(9_000);
    for (let half = 0; half < 2; half++) await ward.clock.advance(500);
  }
  return ward;
}

async function acknowledged(ward: VirtualWard): Promise<void> {
  const alert = await ward.alertOf('p-2', 'physiological');
  if (!alert) throw new Error('there is nothing to acknowledge');
  ward.send(acknowledgement(alert, 'u-2'));
  await ward.deliver();
}

/** The same records, each in the partitions where it would stand with so many of them. */
function repartitioned(records: readonly { readonly key: string; readonly input: InputRecord }[], partitions: number) {
  return Array.from({ length: partitions }, (_, partition) =>
    records.filter(({ key, input }) =>
      keysOf(key, input).some((one) => one === '*' || partitionOf(one, partitions) === partition),
    ),
  );
}

/** Beats and assignments concern a patient and a gateway, here the patient's device; time, claims and rules all. */
function keysOf(key: string, input: InputRecord): readonly string[] {
  if (['tick', 'owner', 'blind', 'clock-step', 'rules'].includes(input.kind)) return ['*'];
  if (input.kind === 'gateway-beat') return [key, key.replace('d-', '')];
  return input.kind === 'assignment' ? [key, input.body.gateway] : [key];
}

describe.for([1, 2, 3])('what a killed and blinded host wrote (seed %i)', (seed) => {
  test('is what its recorded inputs give again, in one partition and in four, byte for byte', {
    tags: ['ALR-REPLAY', 'ALR-STATE', 'ALR-EPISODE'],
  }, async () => {
    await using ward = await recorded(seed);
    await ward.clock.advance(2_000);
    const records = (await ward.records('inputs')).map(({ key, value, position }) => ({
      key,
      position,
      input: decodeInput(value),
    }));
    const written = await ward.written();

    const events = written.filter(({ kind }) => kind === 'alert').map(({ text }) => JSON.parse(text) as AlertEvent);
    const blind = records.flatMap(({ input }) => (input.kind === 'blind' ? [input.body.cause] : []));
    expect({
      lives: ward.lives,
      failures: ward.failures,
      blind,
      copies: ward.copies > 0.07 * ward.sent && ward.copies < 0.13 * ward.sent,
      acknowledged: events.filter(({ type }) => type === 'acknowledged').length,
      families: ['p-1', 'p-2', 'p-4'].map((patient) => [
        ...new Set(
          events.flatMap(({ alert }) =>
            alert.patient === patient && alert.kind === 'physiological' ? [alert.family] : [],
          ),
        ),
      ]),
      silent: events.some(({ alert }) => alert.patient === 'p-3' && alert.kind === 'technical'),
    }).toEqual({
      lives: 3,
      failures: [],
      blind: ['restart', 'suspended', 'restart'],
      copies: true,
      acknowledged: 1,
      families: [['spo2-low'], ['spo2-low'], ['spo2-low']],
      silent: true,
    });

    const engine = newEngine();
    const out: Parameters<typeof engine.apply>[2] = [];
    for (const { input, position } of records) engine.apply(input, position, out);
    expect(written.map(({ text }) => text)).toEqual(out.map(({ body }) => JSON.stringify(body)));

    const inFour = repartitioned(records, 4).map((own) => own.map(({ input }) => input));
    expect(inFour.filter((own) => own.some(({ kind }) => kind === 'readings')).length).toBeGreaterThan(1);
    const apart = inFour.flatMap((own, partition) => judge(own, newEngine(partition, 4)));
    expect(difference(bodies(apart), bodies(out))).toBeUndefined();
  });
});
