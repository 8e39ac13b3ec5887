// Pages of a list, newest first (`interfaces.md` 4.1).
import { ProblemError } from './errors.ts';

export interface PageQuery {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** The page after the cursor, which names the last item of the page before. */
export function pageOfList<T>(all: readonly T[], idOf: (item: T) => string, { limit, cursor }: PageQuery) {
  const after = cursor === undefined ? -1 : all.findIndex((item) => encode(idOf(item)) === cursor);
  if (cursor !== undefined && after < 0) throw new ProblemError('cursor', 'this cursor leads nowhere');
  const items = all.slice(after + 1, after + 1 + limit);
  const last = items.at(-1);
  const isMore = last !== undefined && after + 1 + limit < all.length;
  return { items, next: isMore ? encode(idOf(last)) : null };
}

function encode(id: string): string {
  return Buffer.from(id).toString('base64url');
}
