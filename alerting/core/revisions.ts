// Revisions by id, bounded: with them a copy that lands later is told from news. On overflow the oldest is forgotten, and a
// copy of it would count as news; a copy lands seconds after its original, not hundreds of assignments later.
import { endedKept } from './limits.ts';

/** Notes the newest revision of an id; of more than are kept the oldest are forgotten. */
export function remember(revisions: Map<string, number>, id: string, revision: number): void {
  revisions.delete(id);
  revisions.set(id, revision);
  for (const oldest of revisions.keys()) {
    if (revisions.size <= endedKept) return;
    revisions.delete(oldest);
  }
}
