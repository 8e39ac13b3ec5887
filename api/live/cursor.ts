// The stream's cursor: a position in each partition of `alerts`, of which there is one. Opaque outside.
import type { Position } from '../../contract/index.ts';

export function encodeCursor(position: Position): string {
  return Buffer.from(`0:${position}`).toString('base64url');
}

/** The position of a cursor; undefined for what is none. */
export function decodeCursor(cursor: string): Position | undefined {
  const match = /^0:(-1|\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString('utf8'));
  return match?.[1] === undefined ? undefined : Number(match[1]);
}
