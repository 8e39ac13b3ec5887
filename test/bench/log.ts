// The embedded log against the raw write of the same bytes: O_DSYNC on a preallocated file, asynchronous as the log does it,
// and synchronous for information. One batch at a time; rounds of the three alternate, so that they share the machine's moods.
import { close, constants, open, write, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { AppendRecord } from '../../contract/index.ts';
import { realDisk } from '../../durable/index.ts';
import { hostClock } from '../../host.ts';
import { type EmbeddedLog, openLog } from '../../ingest/log/index.ts';
import { type Figure, median, rounded } from './figure.ts';

const recordBytes = 64;
const batches = [1, 100, 1_000, 10_000];
const rounds = 7;
/** Long enough to hold many commits, short enough for the whole bench to stay under a minute. */
const roundMs = 500;
const peerFileBytes = 64 * 1024 * 1024;
const zeros = new Uint8Array(1024 * 1024);
/** Length, CRC, position; partition and length of the key; the key: what the log writes beside a value. */
const overheadBytes = 16 + 4 + 'p-0'.length;

/** Runs the whole bench. */
export async function bench(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'vigil-bench-'));
  try {
    const log = await openLog(
      { driver: 'embedded', folder: join(folder, 'log'), partitions: 4, keepDays: 30, keepBytes: 2 ** 31 },
      {
        disk: realDisk(),
        clock: hostClock(),
        announce: () => {},
        onFatal: (error) => {
          throw error;
        },
      },
    );
    const peer = await openPeer(join(folder, 'peer'));
    const figures: Figure[] = [];
    for (const batch of batches) figures.push(...(await compare(log, peer, batch)));
    await log[Symbol.asyncDispose]();
    await peer.close();
    return figures;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function compare(log: EmbeddedLog, peer: Peer, batch: number): Promise<Figure[]> {
  const records = recordsOf(batch);
  const bytes = new Uint8Array(batch * (recordBytes + overheadBytes)).fill(7);
  const ours: number[] = [];
  const async: number[] = [];
  const sync: number[] = [];
  for (let round = -1; round < rounds; round++) {
    const measured = [
      await perSecond(batch, () => log.append('inputs', records, { lane: 'data' })),
      await perSecond(batch, () => peer.write(bytes)),
      await perSecond(batch, () => peer.writeSync(bytes)),
    ] as const;
    // The first is warm-up.
    if (round < 0) continue;
    ours.push(measured[0]);
    async.push(measured[1]);
    sync.push(measured[2]);
  }
  const value = median(ours);
  const figure = (peerName: string, peerValue: number) => ({
    name: `append, batches of ${batch} records of ${recordBytes} B`,
    value: rounded(value),
    unit: 'records/s',
    peer: peerName,
    peerValue: rounded(peerValue),
    ratio: rounded(value / peerValue),
  });
  const raw = figure('the same bytes, asynchronous O_DSYNC write on a preallocated file', median(async));
  return [
    { ...raw, bar: '>= 0.5', held: raw.ratio >= 0.5 },
    figure('the same bytes, synchronous O_DSYNC write on a preallocated file', median(sync)),
  ];
}

function recordsOf(count: number): readonly AppendRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    key: `p-${i % 10}`,
    value: new Uint8Array(recordBytes).fill(i % 251),
  }));
}

/** Repeats one batch at a time for a while. */
async function perSecond(batch: number, once: () => Promise<unknown> | unknown): Promise<number> {
  const from = performance.now();
  let done = 0;
  let passedMs = 0;
  while (passedMs < roundMs) {
    await once();
    done += batch;
    passedMs = performance.now() - from;
  }
  return (done * 1_000) / passedMs;
}

interface Peer {
  write(bytes: Uint8Array): Promise<void>;
  writeSync(bytes: Uint8Array): void;
  close(): Promise<void>;
}

/** A file of zeros, written round and round. */
async function openPeer(path: string): Promise<Peer> {
  const fd = await promisify(open)(path, constants.O_RDWR | constants.O_CREAT | constants.O_DSYNC, 0o600);
  for (let at = 0; at < peerFileBytes; at += zeros.length) writeSync(fd, zeros, 0, zeros.length, at);
  let at = 0;
  const place = (length: number) => {
    if (at + length > peerFileBytes) at = 0;
    at += length;
    return at - length;
  };
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        write(fd, bytes, 0, bytes.length, place(bytes.length), (error) => (error ? reject(error) : resolve()));
      }),
    writeSync: (bytes) => void writeSync(fd, bytes, 0, bytes.length, place(bytes.length)),
    close: () => promisify(close)(fd),
  };
}
