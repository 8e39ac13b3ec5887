// What can be put into words, by kind.
import { type DayRowsAsk, dayRows } from '../day/day-rows.ts';
import { type SeriesAsk, seriesText } from './series-text.ts';

export interface Texts {
  /** JSON of a series. */
  series: SeriesAsk;
  /** Lines of a day's file. */
  'day-rows': DayRowsAsk;
}
export type TextKind = keyof Texts;

const makers: { readonly [K in TextKind]: (ask: Texts[K]) => string } = { series: seriesText, 'day-rows': dayRows };

/** The text, as UTF-8. */
export function textOf<K extends TextKind>(kind: K, ask: Texts[K]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(makers[kind](ask));
}
