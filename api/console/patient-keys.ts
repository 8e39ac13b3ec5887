// Keys of the patient's screen (console.md 7). Off inside fields and where a person switched single keys off; none acknowledges.
import type { Signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Held } from './held.ts';
import type { Past } from './patient-data.ts';
import { choose, settings, sizes } from './settings.ts';
import type { Panel } from './station.tsx';
import { ranges } from './trend-data.ts';

export interface PatientActions {
  readonly held: Signal<Held | null>;
  readonly panel: Signal<Panel>;
  readonly isTable: Signal<boolean>;
  readonly isFrozen: Signal<boolean>;
  readonly past: Past;
  readonly openWall: () => void;
  readonly next: () => void;
  /** Opens the sheet of the worst alert; the sheet's own button takes it. */
  readonly acknowledge: () => void;
}

export function usePatientKeys(actions: PatientActions): void {
  const newest = useRef(actions);
  newest.current = actions;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if ((event.target as Element).closest('input:not([type="radio"]), textarea, select')) return;
      if (event.key === 'Escape') closeOne(newest.current);
      else if (settings.peek().keys && act(event.key.toLowerCase(), newest.current)) event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}

/** What is open closes first; then the screen. */
function closeOne({ held, panel, isFrozen, openWall }: PatientActions): void {
  if (panel.value !== null) panel.value = null;
  else if (held.value !== null) held.value = null;
  else if (isFrozen.value) isFrozen.value = false;
  else openWall();
}

function act(key: string, actions: PatientActions): boolean {
  const { past, isTable, isFrozen } = actions;
  switch (key) {
    case 't':
      isTable.value = !isTable.value;
      focusOn('trends');
      return true;
    case 'e':
      focusOn('ecg');
      return true;
    case 'l':
      focusOn('limits');
      return true;
    case 'n':
      actions.next();
      return true;
    case 'f':
      isFrozen.value = !isFrozen.value;
      return true;
    case 'a':
      actions.acknowledge();
      return true;
    case '?':
      actions.panel.value = 'keys';
      return true;
    case '+':
    case '-': {
      const size = sizes[Math.max(0, sizes.indexOf(settings.peek().size) + (key === '+' ? 1 : -1))];
      if (size !== undefined) void choose({ size });
      return true;
    }
    case '[':
    case ']': {
      const at = ranges.indexOf(past.range.value) + (key === '[' ? -1 : 1);
      const range = ranges[at];
      if (at >= 0 && range) past.choose(range);
      return true;
    }
    default:
      return false;
  }
}

/** To a part of the page, by its heading. */
function focusOn(part: string): void {
  const heading = document.getElementById(`${part}-heading`);
  heading?.scrollIntoView({ block: 'nearest' });
  heading?.focus({ preventScroll: true });
}
