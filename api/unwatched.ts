// The spans in which nobody judged, by partition (`records.md` 4): "not watched from .. to". They come twice, from `blind`
// records and from the states of the signals, and the same span counts once, under its more telling cause.
import { toInstant, type Unwatched } from '../contract/index.ts';
import { unwatchedForMs, unwatchedMax } from './limits.ts';

export interface Span {
  readonly from: number;
  readonly to: number;
  readonly cause: string;
}

/** What is told of spans of which only the signals speak. */
export const unknownCause = 'blind';

export class UnwatchedSpans {
  readonly #partitions = new Map<number, Span[]>();

  add(partition: number, span: Span): void {
    const spans = this.#partitions.get(partition) ?? [];
    const same = spans.find((each) => each.from === span.from);
    const kept = spans.filter((each) => each !== same);
    const cause = same && span.cause === unknownCause ? same.cause : span.cause;
    kept.push({ from: span.from, to: Math.max(span.to, same?.to ?? 0), cause });
    kept.sort((a, b) => b.from - a.from);
    this.#partitions.set(partition, kept.slice(0, unwatchedMax));
  }

  /** Newest first; only what ended within the last day. */
  of(partition: number, now: number): Unwatched[] {
    return (this.#partitions.get(partition) ?? []).filter(({ to }) => to > now - unwatchedForMs).map(viewOf);
  }

  /** Of all partitions, those that overlap as one. */
  all(now: number): Unwatched[] {
    const spans = [...this.#partitions.values()].flat().filter(({ to }) => to > now - unwatchedForMs);
    spans.sort((a, b) => a.from - b.from);
    const merged: Span[] = [];
    for (const span of spans) {
      const before = merged.at(-1);
      if (before && span.from <= before.to) merged[merged.length - 1] = { ...before, to: Math.max(before.to, span.to) };
      else merged.push(span);
    }
    return merged.reverse().slice(0, unwatchedMax).map(viewOf);
  }
}

function viewOf({ from, to, cause }: Span): Unwatched {
  return { from: toInstant(from), to: toInstant(to), cause };
}
