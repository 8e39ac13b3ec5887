import type { Announce, Lane } from '../../../contract/index.ts';
import { type Body, type Journal, openJournal } from '../../../durable/index.ts';
import { VirtualClock } from '../../../virtual/clock.ts';
import { LossyDisk } from '../../support/lossy-disk.ts';

export const folder = '/data/journal';
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A journal on a disk in memory, with everything it said. */
export interface Bench {
  readonly disk: LossyDisk;
  readonly clock: VirtualClock;
  readonly said: string[];
  readonly fatal: Error[];
  open(options?: { segmentBytes?: number; reserveBytes?: number }): Promise<Journal>;
}

export async function bench(options: { seed?: number; bytesMax?: number } = {}): Promise<Bench> {
  const disk = new LossyDisk({ seed: 1, ...options });
  await disk.makeFolder('/data');
  const clock = new VirtualClock();
  const said: string[] = [];
  const fatal: Error[] = [];
  const announce: Announce = (level, message) => said.push(`${level}: ${message}`);
  const onFatal = (error: Error) => fatal.push(error);
  return {
    disk,
    clock,
    said,
    fatal,
    open: ({ segmentBytes = 4_096, reserveBytes = 0 } = {}) =>
      openJournal({ folder, segmentBytes, reserveBytes }, { disk, clock, announce, onFatal }),
  };
}

export const bytesOf = (text: string): Uint8Array => encoder.encode(text);

/** Head and value are a payload together: here the text is cut anywhere. */
const cut = 3;

export function append(journal: Journal, texts: readonly string[], lane: Lane = 'data'): Promise<readonly number[]> {
  const records: Body[] = texts.map((text) => ({ value: bytesOf(text.slice(cut)) }));
  return journal.append(
    records,
    texts.map((text) => bytesOf(text.slice(0, cut))),
    lane,
  );
}

/** Position and text of everything from a position on. */
export async function contents(journal: Journal, from = journal.low): Promise<(readonly [number, string])[]> {
  const found: (readonly [number, string])[] = [];
  for (let position = from; position < journal.high; ) {
    const { entries, next } = await journal.read(position);
    found.push(...entries.map((entry) => [entry.position, decoder.decode(entry.payload)] as const));
    position = next;
  }
  return found;
}

/** `text 0`, `text 1`, ... of 100 bytes: 35 of them fill a segment of 4 KiB. */
export function texts(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, i) => `text ${from + i} `.padEnd(100, '.'));
}

/** The I/O error of a disk that is about to die. */
export function ioError(): Error {
  return Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
}
