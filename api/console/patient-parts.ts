// What the parts of the patient's screen share.
import type { Signal } from '@preact/signals';
import type { Held } from './held.ts';

/** Other screens. */
export interface Opening {
  readonly openWall: () => void;
  readonly openPatient: (id: string) => void;
}

/** What the open sheet is about. */
export type HeldSignal = Signal<Held | null>;
