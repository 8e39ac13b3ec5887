// What a folder of segments holds after whatever ended the last process (reliability.md 1.6). The last segment is cut at
// its first bad frame: that is a torn write, never confirmed. An older file without a header is corruption: it is set
// aside under another name and announced; nothing ever starts empty silently.
import { join } from 'node:path';
import type { Announce, Disk, DiskFile } from '../contract/index.ts';
import { writeBytesMax } from './limits.ts';
import { baseOfName, readHeader, readStretch, segmentHeaderBytes, segmentName } from './segment.ts';
import type { Segment } from './segments.ts';

export interface Recovered {
  readonly segments: Segment[];
  /** The segment that goes on, open for durable writes; undefined: the next append makes one. */
  readonly active: { readonly segment: Segment; readonly file: DiskFile } | undefined;
  readonly high: number;
  readonly lastId: number;
  readonly hasReserve: boolean;
}

/** Reads the folder and puts it in order. */
export async function recover(
  folder: string,
  { disk, announce }: { readonly disk: Disk; readonly announce: Announce },
): Promise<Recovered> {
  const names = await disk.list(folder);
  // Files whose making was cut short; none of them has held anything that was confirmed.
  for (const name of names.filter((candidate) => candidate === 'spare' || candidate === 'compact'))
    await disk.remove(join(folder, name));
  const segments: Segment[] = [];
  for (const name of names) {
    const segment = baseOfName(name) === undefined ? undefined : await load(folder, name, disk, announce);
    if (!segment) continue;
    const covers = segments.at(-1)?.header.covers ?? 0;
    // Left over from a compaction that was cut short behind its rename.
    if (segment.header.base < covers) await disk.remove(join(folder, name));
    else segments.push(segment);
  }
  segments.forEach((segment, i) => {
    const next = segments[i + 1];
    if (segment.header.ownEnd === 0 && next) segment.end = next.header.previousEnd;
  });
  const lastId = Math.max(0, ...segments.map((segment) => segment.header.id));
  return {
    segments,
    lastId,
    hasReserve: names.includes('reserve'),
    ...(await openLast(folder, segments.at(-1), disk, announce)),
  };
}

async function load(folder: string, name: string, disk: Disk, announce: Announce): Promise<Segment | undefined> {
  const path = join(folder, name);
  const file = await disk.open(path, { create: false, durable: false });
  try {
    const header = await readHeader(file);
    if (header) return { header, end: header.ownEnd || segmentHeaderBytes, fileBytes: await file.size(), marks: [] };
  } finally {
    await file.close();
  }
  await disk.rename(path, `${path}.bad`);
  await disk.syncFolder(folder);
  announce('error', `${path}: no valid header; set aside as ${name}.bad, its records are missing`);
  return undefined;
}

async function openLast(
  folder: string,
  last: Segment | undefined,
  disk: Disk,
  announce: Announce,
): Promise<Pick<Recovered, 'active' | 'high'>> {
  if (!last) return { active: undefined, high: 0 };
  if (last.header.ownEnd > 0) return { active: undefined, high: last.header.covers };
  const file = await disk.open(join(folder, segmentName(last.header.base)), { create: false, durable: true });
  let high = last.header.base;
  for (let ends = 'more'; ends === 'more'; ) {
    const stretch = await readStretch(file, last.header.id, last.end, last.fileBytes);
    const [first] = stretch.frames;
    if (first) last.marks.push({ position: first.position, offset: last.end });
    high = (stretch.frames.at(-1)?.position ?? high - 1) + 1;
    last.end = stretch.next;
    ends = stretch.ends;
  }
  // Bytes of a torn write may verify again behind a new frame of the same length: such a segment is not written further.
  const torn = (await file.read(Math.min(2 * writeBytesMax, last.fileBytes - last.end), last.end)).some(
    (byte) => byte !== 0,
  );
  if (!torn) return { active: { segment: last, file }, high };
  await file.close();
  announce(
    'warning',
    `${join(folder, segmentName(last.header.base))}: a torn write behind position ${high - 1} is cut off; it was never confirmed`,
  );
  return { active: undefined, high };
}
