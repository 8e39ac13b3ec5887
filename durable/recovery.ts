// What a folder of segments holds after whatever ended the last process (reliability.md 1.6). Class C.
// The last segment is cut at its first bad frame: a torn write, never confirmed. Bytes that no single write can have left
// behind it are corruption instead: their range is announced and what stands behind it is kept, as in an older segment. A
// file without a valid header is set aside under another name and announced; a file that is missing is announced. Nothing
// ever starts empty silently, and no position is given twice.
import { dirname, join } from 'node:path';
import type { Announce, Disk, DiskFile } from '../contract/index.ts';
import { frameHeaderBytes } from './frame.ts';
import { writeBytesMax } from './limits.ts';
import {
  baseOfName,
  decodeHeader,
  findFrame,
  readStretch,
  type SegmentHeader,
  segmentHeaderBytes,
  segmentName,
  zerosFrom,
} from './segment.ts';
import { emptySegment, type Segment } from './segments.ts';

interface Ports {
  readonly disk: Disk;
  readonly announce: Announce;
}

export interface Recovered {
  readonly segments: Segment[];
  /** The segment that goes on, open for durable writes; undefined: the next append makes one. */
  readonly active: { readonly segment: Segment; readonly file: DiskFile } | undefined;
  readonly high: number;
  readonly lastId: number;
  readonly hasReserve: boolean;
}

/** Files that are being made; after a power cut none of them holds anything that was confirmed. */
export const unfinished = { spare: 'spare', compacted: 'compact', reserve: 'reserve.new' } as const;
const aside = '.bad';

/** Makes the folder, or reads it and puts it in order. */
export async function recover(folder: string, ports: Ports): Promise<Recovered> {
  const { disk } = ports;
  await disk.makeFolder(folder);
  await disk.syncFolder(dirname(folder));
  // The last process may have been killed between a change of the folder and its sync.
  await disk.syncFolder(folder);
  const names = await disk.list(folder);
  const leftOver = new Set<string>(Object.values(unfinished));
  for (const name of names.filter((candidate) => leftOver.has(candidate))) await disk.remove(join(folder, name));

  const { segments, floor } = await loadAll(folder, names, ports);
  await endAll(folder, segments, ports);
  const lastId = Math.max(0, ...segments.map((segment) => segment.header.id));
  const { high, active } = await openLast(folder, segments.at(-1), ports);
  const hasReserve = names.includes('reserve');
  if (floor <= high) return { segments, active, high, lastId, hasReserve };
  // Records of a file that lost its header may have been behind all that is left: their positions stay taken.
  await active?.file.close();
  return { segments, active: undefined, high: floor, lastId, hasReserve };
}

/** The segments in order; `floor`: no position below it may be given again. */
async function loadAll(
  folder: string,
  names: readonly string[],
  ports: Ports,
): Promise<{ readonly segments: Segment[]; readonly floor: number }> {
  const segments: Segment[] = [];
  let floor = 0;
  for (const name of names) {
    const base = baseOfName(name.endsWith(aside) ? name.slice(0, -aside.length) : name);
    if (base === undefined) continue;
    const segment = await load(folder, name, ports);
    if (typeof segment === 'number') floor = Math.max(floor, base + segment);
    // Left over from a compaction that was cut short behind its rename.
    else if (segment.header.base < (segments.at(-1)?.header.covers ?? 0)) await ports.disk.remove(join(folder, name));
    else {
      segments.push(segment);
      floor = 0;
    }
  }
  return { segments, floor };
}

/** The segment of a file, or, of one that is none, how many records it can have held. */
async function load(folder: string, name: string, { disk, announce }: Ports): Promise<Segment | number> {
  const path = join(folder, name);
  const file = await disk.open(path, { create: false, durable: false });
  let fileBytes: number;
  try {
    fileBytes = await file.size();
    const header = name.endsWith(aside) ? undefined : decodeHeader(await file.read(segmentHeaderBytes, 0));
    if (header) return emptySegment(header, fileBytes, header.ownEnd || segmentHeaderBytes);
  } finally {
    await file.close();
  }
  if (!name.endsWith(aside)) {
    await disk.rename(path, `${path}${aside}`);
    await disk.syncFolder(folder);
  }
  announce('error', `${path}: no valid header; it is set aside, its records are missing`);
  return Math.ceil(fileBytes / (frameHeaderBytes + 1));
}

/** Where each segment but the last ends: as the next one says, or, if a file between them is missing, where it ends. */
async function endAll(folder: string, segments: readonly Segment[], ports: Ports): Promise<void> {
  for (let i = 0; i < segments.length - 1; i++) {
    const segment = segments[i] as Segment;
    const { previousId, previousEnd, base } = (segments[i + 1] as Segment).header;
    let missingFrom = segment.header.covers;
    if (segment.header.ownEnd === 0) {
      if (previousId === segment.header.id) {
        segment.end = previousEnd;
        continue;
      }
      missingFrom = await withFile(folder, segment, ports.disk, (file) => readToEnd(file, segment, base, ports));
    }
    if (missingFrom < base)
      ports.announce('error', `${folder}: a file is missing; records ${missingFrom} to ${base - 1} went with it`);
  }
}

async function withFile<T>(
  folder: string,
  { header }: { readonly header: SegmentHeader },
  disk: Disk,
  work: (file: DiskFile) => Promise<T>,
): Promise<T> {
  const file = await disk.open(join(folder, segmentName(header.base)), { create: false, durable: false });
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

/** Finds the end of a segment's frames, over corruption; gives the position after the last of them. */
async function readToEnd(file: DiskFile, segment: Segment, below: number, { announce }: Ports): Promise<number> {
  const { id, base } = segment.header;
  let high = base;
  for (;;) {
    const stretch = await readStretch(file, id, segment.end, segment.fileBytes);
    const [first] = stretch.frames;
    if (first) segment.marks.push({ position: first.position, offset: segment.end });
    high = (stretch.frames.at(-1)?.position ?? high - 1) + 1;
    segment.end = stretch.next;
    if (stretch.ends === 'more') continue;
    // A single write cannot reach further than this, and every write before the last one was complete.
    const behind = { from: segment.end + writeBytesMax, end: segment.fileBytes, low: high, high: below };
    const further = behind.from < behind.end ? await findFrame(file, id, behind) : undefined;
    if (!further) return high;
    // There is more: then go on at the first frame that verifies, however near.
    const next = (await findFrame(file, id, { ...behind, from: segment.end + 1 })) ?? further;
    segment.corrupt = true;
    announce(
      'error',
      `${file.path}: corrupt at byte ${segment.end}; records ${high} to ${next.position - 1} are set aside`,
    );
    segment.end = next.offset;
  }
}

async function openLast(
  folder: string,
  last: Segment | undefined,
  ports: Ports,
): Promise<Pick<Recovered, 'active' | 'high'>> {
  if (!last) return { active: undefined, high: 0 };
  if (last.header.ownEnd > 0) return { active: undefined, high: last.header.covers };
  const path = join(folder, segmentName(last.header.base));
  const file = await ports.disk.open(path, { create: false, durable: true });
  try {
    const high = await readToEnd(file, last, Number.POSITIVE_INFINITY, ports);
    await confirmTail(file, last);
    // Bytes of a torn write may verify again behind a new frame of the same length: then the segment is not written further.
    if (await zerosFrom(file, last.end, last.fileBytes)) return { active: { segment: last, file }, high };
    ports.announce(
      'warning',
      `${path}: what follows position ${high - 1} does not verify, a torn write; it is cut off`,
    );
    await file.close();
    return { active: undefined, high };
  } catch (error) {
    await file.close().catch(() => {});
    throw error;
  }
}

/**
 * Writes the end of the segment once more, as it was read. The last process may have been killed with a write in flight, or
 * ended because one failed: then these bytes may stand in the kernel's memory alone, and readers are to see only what is durable.
 */
async function confirmTail(file: DiskFile, { end }: Segment): Promise<void> {
  const from = Math.max(0, end - writeBytesMax);
  await file.write(await file.read(end - from, from), from);
}
