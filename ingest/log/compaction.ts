// Compaction of a topic: its sealed segments become one that holds the last record of each key. Class C: it rewrites what
// was acknowledged, so it writes the new file whole before anything old goes, and leaves alone what it cannot read.

import { compactAtSegments } from './limits.ts';
import { decodePayload } from './payload.ts';
import type { TopicLog } from './topic-log.ts';

interface Last {
  readonly position: number;
  /** Undefined: not to be kept here, because it stands in the active segment or is a tombstone that has served. */
  readonly payload: Uint8Array | undefined;
}

/**
 * Keeps the last record of each key. A tombstone goes with the next compaction after the one that first met it, so that a
 * reader who is behind by one still learns of it. The active segment is not touched; readers may see old values there.
 */
export async function compact(topic: TopicLog, atSegments = compactAtSegments): Promise<void> {
  const { journal } = topic;
  const sealed = journal.sealed;
  if (sealed.length < atSegments) return;
  const end = journal.sealedEnd;
  const compactedEnd = sealed[0]?.header.covers ?? 0;
  const last = new Map<string, Last>();
  for (let position = journal.low; position < journal.high; ) {
    const { entries, next } = await journal.read(position);
    for (const entry of entries) {
      const { partition, key, value } = decodePayload(entry.payload);
      const kept = entry.position < end && (value.length > 0 || entry.position >= compactedEnd);
      // Copied: the bytes read share a large buffer.
      last.set(`${partition}/${key}`, {
        position: entry.position,
        payload: kept ? entry.payload.slice() : undefined,
      });
    }
    position = next;
  }
  // What does not verify may hide the last value of a key: such files stay as they are.
  if (sealed.some((segment) => segment.corrupt)) return;
  const entries = [...last.values()].filter((entry) => entry.payload !== undefined) as {
    readonly position: number;
    readonly payload: Uint8Array;
  }[];
  await journal.replace(
    sealed,
    entries.toSorted((a, b) => a.position - b.position),
  );
}
