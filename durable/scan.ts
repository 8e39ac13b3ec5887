// Reading a journal's folder beside the process that owns it: changes nothing, takes no lock, and ends where the frames end
// at that moment. For people who look (`vigil log cat`) and for checks that must not trust the writer.
import { join } from 'node:path';
import type { Disk } from '../contract/index.ts';
import type { Entry } from './reader.ts';
import { baseOfName, readHeader, readStretch, type SegmentHeader, segmentHeaderBytes } from './segment.ts';

/** Entries from a position on, in order. A frame that does not verify ends its segment. */
export async function* scanFolder(folder: string, disk: Disk, from = 0): AsyncGenerator<Entry> {
  const found: { readonly path: string; readonly header: SegmentHeader }[] = [];
  for (const name of await disk.list(folder)) {
    if (baseOfName(name) === undefined) continue;
    const path = join(folder, name);
    const file = await disk.open(path, { create: false, durable: false });
    const header = await readHeader(file);
    await file.close();
    if (header && header.base >= (found.at(-1)?.header.covers ?? 0)) found.push({ path, header });
  }
  for (const [i, { path, header }] of found.entries()) {
    const next = found[i + 1]?.header;
    if (next && next.base <= from) continue;
    yield* scanSegment(disk, path, header, header.ownEnd || next?.previousEnd, from);
  }
}

async function* scanSegment(
  disk: Disk,
  path: string,
  header: SegmentHeader,
  end: number | undefined,
  from: number,
): AsyncGenerator<Entry> {
  const file = await disk.open(path, { create: false, durable: false });
  try {
    const last = end ?? (await file.size());
    let offset = segmentHeaderBytes;
    for (let ends = 'more'; ends === 'more'; ) {
      const stretch = await readStretch(file, header.id, offset, last);
      for (const frame of stretch.frames)
        if (frame.position >= from)
          yield { position: frame.position, payload: stretch.bytes.subarray(frame.from, frame.to) };
      offset = stretch.next;
      ends = stretch.ends;
    }
  } finally {
    await file.close();
  }
}
