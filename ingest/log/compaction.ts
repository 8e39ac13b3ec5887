// Compaction of a topic: the last record of each key stays, positions stay. A power cut leaves the old or the new, never half.

import { compactAtSegments } from './limits.ts';
import { decodePayload } from './payload.ts';
import type { TopicLog } from './topic-log.ts';

/**
 * Keeps the last record of each key of a compacted topic: its sealed segments become one. A tombstone goes with what it
 * buried, since nothing older is left. The active segment is not touched; readers may still see old values there.
 */
export async function compact(topic: TopicLog, atSegments = compactAtSegments): Promise<void> {
  const { journal } = topic;
  const sealed = journal.sealed;
  if (sealed.length < atSegments) return;
  const last = new Map<string, { readonly position: number; readonly payload: Uint8Array }>();
  const end = journal.sealedEnd;
  for (let position = journal.low; position < journal.high; ) {
    const { entries, next } = await journal.read(position);
    for (const entry of entries) {
      const { partition, key } = decodePayload(entry.payload);
      last.set(`${partition}/${key}`, entry);
    }
    position = next;
  }
  const kept = [...last.values()].filter(
    ({ position, payload }) => position < end && decodePayload(payload).value.length > 0,
  );
  kept.sort((a, b) => a.position - b.position);
  await journal.replace(sealed, kept);
}
