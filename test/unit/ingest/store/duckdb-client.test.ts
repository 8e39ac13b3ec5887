import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { DuckDbClient } from '../../../../ingest/store/duckdb-client.ts';

const circles = new Int32Array(new SharedArrayBuffer(4));
const options = { circles, file: 'unused', partitions: 1, installation: '', threads: 1, memoryMiB: 64 };
const unavailable = { code: 'STORE_UNAVAILABLE' };

async function opened(deadlines: { readonly requestMs?: number; readonly interruptMs?: number } = {}) {
  const said: string[] = [];
  const clock = {
    wall: () => 0,
    mono: () => 0,
    sleep: (_: number, signal?: AbortSignal) => sleep(20, undefined, signal ? { signal } : {}),
  };
  const thread = new URL('./misbehaving-thread.ts', import.meta.url);
  const client = await DuckDbClient.open(options, {
    clock,
    thread,
    announce: (_, message) => said.push(message),
    ...deadlines,
  });
  const count = (patient: string, signal?: AbortSignal) => client.ask('count', { patient }, { signal });
  /** Asks until it is answered again. */
  const answersAgain = () =>
    expect.poll(() => count('fine').catch(() => undefined), { timeout: 20_000 }).toEqual({ numerics: 1, waveforms: 2 });
  return { client, count, answersAgain, said, [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() };
}

test.for(['throw', 'exit'])(
  'a thread that ends (%s) fails all that wait and is opened again',
  { tags: ['ING-STORE'] },
  async (way) => {
    await using it = await opened();
    const waiting = [it.count('mute'), it.count('mute'), it.count(way)].map((each) =>
      each.catch((error: unknown) => error),
    );
    for (const error of await Promise.all(waiting)) expect(error).toMatchObject(unavailable);
    await it.answersAgain();
    expect(it.said.at(-1)).toBe('store: the database is open again');
  },
);

test('while it is away every question fails at once', { tags: ['ING-STORE'] }, async () => {
  await using it = await opened();
  await expect(it.count('exit')).rejects.toMatchObject(unavailable);
  await expect(it.count('fine')).rejects.toMatchObject(unavailable);
  await it.answersAgain();
});

test('a question without an answer ends at its deadline, and a mute thread is given up', {
  tags: ['ING-STORE'],
}, async () => {
  await using it = await opened({ requestMs: 200, interruptMs: 200 });
  await expect(it.count('mute')).rejects.toMatchObject(unavailable);
  await expect.poll(() => it.said, { timeout: 20_000 }).toContain('store: the database is open again');
  await it.answersAgain();
});

test('a thread that runs in circles is ended', { tags: ['ING-STORE'] }, async () => {
  await using it = await opened({ requestMs: 200, interruptMs: 200 });
  await expect(it.count('stuck')).rejects.toMatchObject(unavailable);
  await it.answersAgain();
  const counted = Atomics.load(circles, 0);
  expect(counted).toBeGreaterThan(0);
  await sleep(100);
  expect(Atomics.load(circles, 0)).toBe(counted);
});

test('an abort ends the question with its reason', async () => {
  await using it = await opened();
  const controller = new AbortController();
  const asked = it.count('mute', controller.signal);
  const reason = new Error('not wanted any more');
  controller.abort(reason);
  await expect(asked).rejects.toBe(reason);
  expect(await it.count('fine')).toEqual({ numerics: 1, waveforms: 2 });
});

test('a failure of one question is that question alone', async () => {
  await using it = await opened();
  await expect(it.count('fail')).rejects.toMatchObject({ ...unavailable, message: 'it failed' });
  expect(await it.count('fine')).toEqual({ numerics: 1, waveforms: 2 });
});

test('closing fails what waits and nothing is opened again', async () => {
  const it = await opened();
  const waiting = it.count('mute').catch((error: unknown) => error);
  await it.client[Symbol.asyncDispose]();
  expect(await waiting).toMatchObject(unavailable);
  await expect(it.count('fine')).rejects.toMatchObject(unavailable);
  expect(it.said).toEqual([]);
});
