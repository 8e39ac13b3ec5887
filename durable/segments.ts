// What the parts of a journal share about one segment. Its end moves only after a durable write.
import type { SegmentHeader } from './segment.ts';

/** A segment as the journal holds it in memory. */
export interface Segment {
  readonly header: SegmentHeader;
  /** File offset after its last durable frame. */
  end: number;
  readonly fileBytes: number;
  /** Some positions and their file offsets, in order, so that a read need not begin at the start. */
  readonly marks: { readonly position: number; readonly offset: number }[];
  /** Somewhere before its end bytes do not verify; the file is kept as it is, for those who look into it. */
  corrupt: boolean;
}

/** A segment without records. */
export function emptySegment(header: SegmentHeader, fileBytes: number, end: number): Segment {
  return { header, end, fileBytes, marks: [], corrupt: false };
}
