// A process that writes batches of fifty for ever and says the position of each that was answered: to be killed in it.
import { writeSync } from 'node:fs';
import { openStore } from '../../ingest/store/index.ts';
import { numericRow, waveformRow } from './time-series-store-rows.ts';

const clock = {
  wall: () => Date.now(),
  mono: () => performance.now(),
  sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
};
const file = process.argv[2] as string;
const store = await openStore({ driver: 'duckdb', file, partitions: 1 }, { clock, announce: () => undefined });
for (let [next = 0] = await store.positions(); ; ) {
  const seqs = Array.from({ length: 50 }, (_, i) => next + 1 + i);
  next += 50;
  await store.write({
    numerics: seqs.map((seq) => numericRow({ seq })),
    waveforms: seqs.filter((seq) => seq % 10 === 0).map((seq) => waveformRow({ seq: seq / 10 })),
    positions: [next],
  });
  writeSync(1, `${next}\n`);
}
