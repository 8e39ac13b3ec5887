// Reading a journal's folder beside the process that owns it: changes nothing, takes no lock, and ends where the frames end
// at that moment. For people who look (`vigil log cat`) and for checks that must not trust the writer.
import { join } from 'node:path';
import type { Disk, DiskFile } from '../contract/index.ts';
import type { Entry } from './reader.ts';
import {
  baseOfName,
  decodeHeader,
  readStretch,
  type SegmentHeader,
  segmentHeaderBytes,
  segmentName,
} from './segment.ts';

/** Entries from a position on, in order. A frame that does not verify ends its segment. */
export async function* scanFolder(folder: string, disk: Disk, from = 0): AsyncGenerator<Entry> {
  const headers = await headersOf(folder, disk);
  for (const [i, header] of headers.entries()) {
    const next = headers[i + 1];
    if (next && next.base <= from) continue;
    const end = next?.previousId === header.id ? next.previousEnd : undefined;
    const file = await openSegment(folder, disk, header.base);
    if (!file) continue;
    try {
      yield* scanSegment(file, header, header.ownEnd || (end ?? (await file.size())), from);
    } finally {
      await file.close();
    }
  }
}

async function headersOf(folder: string, disk: Disk): Promise<readonly SegmentHeader[]> {
  const headers: SegmentHeader[] = [];
  for (const name of await disk.list(folder)) {
    const base = baseOfName(name);
    const file = base === undefined ? undefined : await openSegment(folder, disk, base);
    if (!file) continue;
    const header = decodeHeader(await file.read(segmentHeaderBytes, 0));
    await file.close();
    if (header && header.base >= (headers.at(-1)?.covers ?? 0)) headers.push(header);
  }
  return headers;
}

/** The file, or undefined if its owner removed it meanwhile. */
async function openSegment(folder: string, disk: Disk, base: number): Promise<DiskFile | undefined> {
  try {
    return await disk.open(join(folder, segmentName(base)), { create: false, durable: false });
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function* scanSegment(file: DiskFile, header: SegmentHeader, end: number, from: number): AsyncGenerator<Entry> {
  let offset = segmentHeaderBytes;
  for (let ends = 'more'; ends === 'more'; ) {
    const stretch = await readStretch(file, header.id, offset, end);
    for (const frame of stretch.frames)
      if (frame.position >= from)
        yield { position: frame.position, payload: stretch.bytes.subarray(frame.from, frame.to) };
    offset = stretch.next;
    ends = stretch.ends;
  }
}
