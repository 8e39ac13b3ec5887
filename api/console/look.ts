// What a state looks like, as plain data: what `view-state.ts` decides and the components draw. Four channels say a state:
// place, glyph, word and colour (console.md 1).
import type { AlertView } from './wire.ts';

export type Priority = AlertView['priority'];

export const glyphs = [
  'dot',
  'ring',
  'cross',
  'check',
  'high',
  'medium',
  'low',
  'square',
  'pause',
  'up',
  'question',
  'clock-back',
  'no-sound',
] as const;
export type Glyph = (typeof glyphs)[number];

export type BandLook =
  | Priority
  | 'technical'
  | 'acknowledged'
  | 'paused'
  | 'review'
  | 'later'
  /** As it was when the link was lost. */
  | 'as-of'
  | 'none';

/** One alert in one line: sign, what, how much, time. */
export interface BandView {
  readonly look: BandLook;
  /** Whose colour the outline or the sign's block has; null: none's. */
  readonly priority: Priority | null;
  readonly glyph: Glyph | null;
  /** May be cut where there is no room. */
  readonly what: string;
  /** Never cut: the number that decided and its limit. */
  readonly number: string;
  readonly unit: string;
  /** Small words beside it: again, worse, data lost. */
  readonly marks: readonly { readonly glyph: Glyph | null; readonly text: string }[];
  /** Third slot: how long, who, how much longer. */
  readonly time: string;
  readonly more: number;
  readonly flash: 'high' | 'medium' | null;
  /** The same for the ear, without the time. */
  readonly spoken: string;
}

export interface CellView {
  readonly signal: string;
  readonly label: string;
  readonly short: string;
  readonly unit: string;
  /** What stands big: the value, a word, or dashes. */
  readonly value: string;
  readonly current: boolean;
  /** Current, yet not as it ought to be. */
  readonly degraded: boolean;
  /** Age, or why there is no number and what it was. */
  readonly note: string;
  /** The note stands in the cell; else it is for the ear, and the tile's age speaks for it. */
  readonly noteShown: boolean;
  readonly limit: string;
  readonly altered: boolean;
  readonly trend: { readonly degrees: number; readonly word: string } | null;
  readonly fill: 'high' | 'medium' | 'none';
  /** An acknowledged alert's colour as an outline. */
  readonly outline: Priority | 'none';
}

export interface Plate {
  readonly cause: string;
  readonly time: string;
  readonly since: string;
  readonly last: string;
}

export interface TileLook {
  readonly id: string;
  readonly bed: string;
  readonly name: string;
  /** End of the record number. */
  readonly mrn: string;
  readonly frame: 'high' | 'medium' | 'acknowledged' | 'not-monitored' | 'none';
  readonly state: { readonly glyph: Glyph; readonly text: string; readonly flash: 'high' | 'medium' | null };
  readonly plate: Plate | null;
  readonly band: BandView;
  readonly cells: readonly CellView[];
  /** Newest span in which nobody judged this patient. */
  readonly unwatched: string | null;
  /** A medium alert that ended not long ago. */
  readonly was: string | null;
  readonly spoken: string;
}
