// The virtual system: production's roles on a real embedded log, hours in seconds, and the same bytes every time.
import { describe, expect, test } from 'vitest';
import type { CoreEvent } from '../../alerting/core/index.ts';
import { type Signal, VITALS, type Vital } from '../../contract/index.ts';
import { openVirtualSystem, type VirtualSystem, type VirtualSystemOptions } from '../../virtual/index.ts';
import { newEngine } from '../support/core.ts';

const startAt = Date.UTC(2026, 2, 1, 2);
const spo2: Signal = { vital: 'spo2', mode: 'continuous', everyMs: 1_000, firstWithinMs: 120_000 };
const encoder = new TextEncoder();

function reading(vital: Vital, value: number, seq: number, at: number): Uint8Array {
  const { unit } = VITALS[vital];
  const times = { takenAt: at, receivedAt: at, clock: 'synced' };
  return encoder.encode(JSON.stringify({ v: 1, boot: 1, seq, vital, value, unit, quality: 'good', ...times }));
}

/** A patient with an oximeter, behind a gateway if one is named. */
async function oximetry(system: VirtualSystem, patient: string, gateway?: string): Promise<void> {
  const device = `d-${patient}`;
  await system.admit({ id: patient });
  await system.register({ id: device, signals: [spo2] });
  await system.bind({ patient, device, ...(gateway !== undefined && { gateway }) });
}

/** Ten minutes of two patients: one desaturates and is taken, the gateway of the other is lost; the engine dies once. */
async function tenMinutes(options: Partial<VirtualSystemOptions> = {}): Promise<VirtualSystem> {
  const system = await openVirtualSystem({ startAt, seed: 7, store: false, ...options });
  await oximetry(system, 'p-1');
  await oximetry(system, 'p-2', 'gw-1');
  for (let second = 1; second <= 600; second++) {
    const low = second > 60 && second < 200;
    await system.publish('d-p-1', 'readings', reading('spo2', low ? 84 : 97, second, system.now()));
    const lost = second > 100 && second < 260;
    if (second === 100) system.silence('gw-1');
    if (second === 260) system.resume('gw-1');
    if (!lost) await system.publish('d-p-2', 'readings', reading('spo2', 96, second, system.now()));
    if (second === 120) {
      const [open] = await system.openAlerts();
      await system.acknowledge({ alert: open?.id ?? '', by: 'u-2' });
    }
    if (second === 400) await system.killEngine();
    if (second === 420) await system.startEngine();
    await system.advanceBy(1_000);
  }
  return system;
}

/** What the judgement gives for the recorded inputs of a partition, judged again from the start. */
async function judgedAgain(system: VirtualSystem, partition = 0, partitions = 1): Promise<string[]> {
  const engine = newEngine(partition, partitions);
  const out: CoreEvent[] = [];
  for (const { input, position } of await system.inputs(partition)) engine.apply(input, position, out);
  return out.map(({ body }) => JSON.stringify(body));
}

const bodies = async (system: VirtualSystem) => (await system.told()).map(({ text }) => text);

describe('the virtual system', () => {
  test('writes what its recorded inputs give again, through a death of the engine', {
    tags: ['ALR-REPLAY', 'ALR-STATE'],
  }, async () => {
    await using system = await tenMinutes();
    const told = await bodies(system);
    const lines = (await system.alerts()).map(({ event }) => `${event.type} ${event.alert.family}`);
    expect(lines.filter((line) => line.includes('spo2-low'))).toEqual([
      'raised spo2-low',
      'acknowledged spo2-low',
      'closed spo2-low',
    ]);
    expect(lines).toContain('raised gateway-lost');
    const blind = (await system.inputs()).flatMap(({ input }) => (input.kind === 'blind' ? [input.body.cause] : []));
    expect(blind).toEqual(['restart']);
    expect(told).toEqual(await judgedAgain(system));
  });

  test('is the same twice, byte for byte, and on any number of partitions', { tags: ['ALR-REPLAY'] }, async () => {
    await using once = await tenMinutes();
    await using twice = await tenMinutes();
    expect(await once.inputs()).toEqual(await twice.inputs());
    expect(await bodies(once)).toEqual(await bodies(twice));
    await using inThree = await tenMinutes({ partitions: 3 });
    const apart = [0, 1, 2].map((partition) => judgedAgain(inThree, partition, 3));
    expect((await bodies(inThree)).sort()).toEqual((await Promise.all(apart)).flat().sort());
  });

  test('has a tick for every half second, in one epoch, beats between them', { tags: ['ALR-TICK'] }, async () => {
    await using system = await openVirtualSystem({ startAt, seed: 1, store: false });
    await oximetry(system, 'p-1');
    await system.advance(startAt + 3_600_000);
    const inputs = (await system.inputs()).map(({ input }) => input);
    const ticks = inputs.flatMap((input) => (input.kind === 'tick' ? [input.body] : []));
    expect(ticks.map(({ log }) => log)).toEqual(Array.from({ length: 7_201 }, (_, n) => startAt + 500 * n));
    const beats = inputs.flatMap((input) => (input.kind === 'gateway-beat' ? [input.header.acceptedAt] : []));
    expect(beats.at(-1)).toBe(startAt + 3_600_000);
    expect(beats).toHaveLength(361);
    expect(await system.monitoring('p-1')).toMatchObject({ state: 'not-monitored', cause: 'never-received' });
  });

  test('keeps every row and block in its store, and refuses at the border', {
    tags: ['ING-STORE', 'ING-VALIDATE'],
  }, async () => {
    await using system = await openVirtualSystem({ startAt, seed: 1 });
    await oximetry(system, 'p-1');
    for (let seq = 1; seq <= 90; seq++) {
      const outcome = await system.publish('d-p-1', 'readings', reading('spo2', 95, seq, system.now()));
      expect(outcome).toEqual({ accepted: 1, refused: [] });
      await system.advanceBy(1_000);
    }
    expect(await system.publish('d-p-1', 'readings', reading('spo2', 250, 91, system.now()))).toEqual({
      accepted: 0,
      refused: ['implausible'],
    });
    const store = await system.store();
    expect(await store.count('p-1')).toEqual({ numerics: 90, waveforms: 0 });
    const query = { patient: 'p-1', vital: VITALS.spo2.code, from: startAt, to: system.now(), limit: 100 };
    const points = await store.range(query);
    expect(points.map(({ takenAt, value }) => [takenAt, value])).toEqual(
      Array.from({ length: 90 }, (_, second) => [startAt + 1_000 * second, 95]),
    );
  });

  test('says so when a message is not of its sender', { tags: ['BRK-AUTH'] }, async () => {
    await using system = await openVirtualSystem({ startAt, seed: 1, store: false });
    await oximetry(system, 'p-1');
    const publishing = system.publish('d-p-1', 'readings', reading('spo2', 95, 1, startAt), { gateway: 'gw-9' });
    await expect(publishing).resolves.toEqual({ accepted: 0, refused: ['unbound'] });
  });
});
