// Signs that say a state beside its word and its colour: three channels, so that none alone has to be seen.
import type { Glyph } from './view-state.ts';

const paths: Readonly<Record<Glyph, string>> = {
  dot: 'M8 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8z',
  ring: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zm0 2.4a3.6 3.6 0 1 1 0 7.2 3.6 3.6 0 0 1 0-7.2z',
  cross: 'M3.4 1.6 8 6.2l4.6-4.6 1.8 1.8L9.8 8l4.6 4.6-1.8 1.8L8 9.8l-4.6 4.6-1.8-1.8L6.2 8 1.6 3.4z',
  check: 'M6.2 13.2 1.4 8.4l1.8-1.8 3 3 6.6-6.6 1.8 1.8z',
  high: 'M1.5 1h3v9h-3zm0 11h3v3h-3zm5-11h3v9h-3zm0 11h3v3h-3zm5-11h3v9h-3zm0 11h3v3h-3z',
  medium: 'M3.5 1h3v9h-3zm0 11h3v3h-3zm6-11h3v9h-3zm0 11h3v3h-3z',
  low: 'M6.5 1h3v9h-3zm0 11h3v3h-3z',
  square: 'M3 3h10v10H3z',
};

/** A drawn sign; the word beside it says the same, so it is hidden from speech. */
export function GlyphIcon({ name, flash }: { readonly name: Glyph; readonly flash?: 'high' | 'medium' | null }) {
  return (
    <svg viewBox="0 0 16 16" fill="currentColor" aria-hidden="true" class={flash ? `flash-${flash}` : undefined}>
      <path d={paths[name]} />
    </svg>
  );
}
