import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import type { Clock, TimeSeriesStore } from '../../contract/index.ts';
import { openStore } from '../../ingest/store/index.ts';
import { describeTimeSeriesStore } from './time-series-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigil-store-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let places = 0;
const place = () => join(folder, `${++places}.duckdb`);
const clock: Clock = {
  wall: () => Date.now(),
  mono: () => performance.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};
const open = (file: string, partitions: number): Promise<TimeSeriesStore> =>
  openStore({ driver: 'duckdb', file, partitions }, { clock, announce: () => undefined });

describeTimeSeriesStore('duckdb', { place, open });

const child = fileURLToPath(new URL('./time-series-store-child.ts', import.meta.url));

/** Writes until `batches` were answered, is killed `delayMs` into the next, and says the last position that was answered. */
async function writeAndDie(file: string, batches: number, delayMs: number): Promise<number> {
  const writer = spawn(process.execPath, [child, file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(writer, 'exit');
  let text = '';
  let dying = false;
  for await (const chunk of writer.stdout) {
    text += chunk;
    if (dying || text.split('\n').length <= batches) continue;
    dying = true;
    setTimeout(() => writer.kill('SIGKILL'), delayMs);
  }
  await ended;
  return Number(text.trimEnd().split('\n').at(-1));
}

test('a kill in the middle of writing leaves rows and positions that agree', { tags: ['ING-COMMIT'] }, async () => {
  const file = place();
  for (const delayMs of [0, 1, 2, 3, 5, 7, 9, 12]) {
    const answered = await writeAndDie(file, 3, delayMs);
    await using store = await open(file, 1);
    const [position = 0] = await store.positions();
    expect(position).toBeGreaterThanOrEqual(answered);
    expect(await store.count()).toEqual({ numerics: position, waveforms: position / 10 });
    const held = await store.range({ patient: 'p-1', vital: 2, from: 0, to: 2e12, limit: 100_000 });
    expect(held.map(({ seq }) => seq)).toEqual(Array.from({ length: position }, (_, i) => i + 1));
  }
});
