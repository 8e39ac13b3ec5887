// Signs that say a state beside its word and its colour: three channels, so that none alone has to be seen.
import type { ComponentChildren } from 'preact';
import type { Glyph } from './look.ts';

/** Bars with their dots, as many as the priority is high. */
function bangs(...at: readonly number[]) {
  return at.map((x) => (
    <path key={x} fill="currentColor" stroke="none" d={`M${x - 2.2} 1.5h4.4l-.8 13.5h-2.8zM${x - 2} 18h4v4.2h-4z`} />
  ));
}

const drawn: Readonly<Record<Glyph, ComponentChildren>> = {
  dot: <circle cx="12" cy="12" r="6" fill="currentColor" stroke="none" />,
  ring: <circle cx="12" cy="12" r="8.4" stroke-width="3.2" stroke-dasharray="4.4 4.4" stroke-linecap="butt" />,
  cross: <path d="m5 5 14 14M19 5 5 19" stroke-width="4.2" stroke-linecap="butt" />,
  check: <path d="m4 13 5.5 5.5L20.5 6" stroke-width="3.4" />,
  high: bangs(4, 12, 20),
  medium: bangs(7.5, 16.5),
  low: bangs(12),
  square: <path d="M5 5h14v14H5z" fill="currentColor" stroke="none" />,
  pause: <path d="M8 4.5v15M16 4.5v15" stroke-width="4.2" stroke-linecap="butt" />,
  up: <path d="M12 20.5v-16M5 11.5l7-7 7 7" stroke-width="3.4" />,
  question: <path d="M6.8 8.2a5.2 5 0 1 1 7 4.8c-1.3.6-1.8 1.3-1.8 2.8M12 20v1.4" stroke-width="3.4" />,
  'clock-back': <path d="M4.5 5v5h5M5 9.6A8.2 8.2 0 1 1 4.2 14M12 8v4.4l3 2" stroke-width="2.8" />,
  'no-sound': (
    <>
      <path d="M3.5 9.4v5.2h4l5 4.6V4.8l-5 4.6z" fill="currentColor" stroke="none" />
      <path d="m15.6 9.2 5.6 5.6M21.2 9.2l-5.6 5.6" />
    </>
  ),
};

/** A drawn sign; the word beside it says the same, so it is hidden from speech. */
export function GlyphIcon({ name, flash }: { readonly name: Glyph; readonly flash?: 'high' | 'medium' | null }) {
  return (
    <Drawing class={flash ? `glyph flash-${flash}` : 'glyph'}>
      <g data-glyph={name}>{drawn[name]}</g>
    </Drawing>
  );
}

/** Where a value goes; its word stands beside it. */
export function Arrow({ degrees }: { readonly degrees: number }) {
  return (
    <Drawing class="glyph arrow">
      <path d="M2.5 12h18M13.5 5l7 7-7 7" stroke-width="3.4" transform={`rotate(${degrees} 12 12)`} />
    </Drawing>
  );
}

function Drawing({ class: name, children }: { readonly class: string; readonly children: ComponentChildren }) {
  return (
    <svg
      class={name}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="2.6"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}
