// The acknowledge sheet on the patient's screen: over the side column, never over a number or a band.
import { useEffect, useRef } from 'preact/hooks';
import { AckSheet } from './ack-sheet.tsx';
import type { Ward } from './fold.ts';
import type { HeldSignal } from './patient-parts.ts';

interface SheetProps {
  readonly held: HeldSignal;
  readonly ward: Ward;
  readonly live: boolean;
  readonly user: string;
}

export function PatientSheet({ held, ward, live, user }: SheetProps) {
  const one = held.value;
  const before = useRef<Element | null>(null);
  useEffect(() => {
    if (one === null) return;
    return () => focusAfter(one.id, before.current);
  }, [one?.id]);
  if (one === null) return null;
  before.current ??= document.activeElement;
  const close = () => {
    held.value = null;
  };
  return (
    <div class="sheet-place">
      <AckSheet held={one} now={ward.alerts.get(one.id)?.alert ?? null} live={live} user={user} close={close} />
    </div>
  );
}

/** Back to where the sheet was opened from; where that has gone, to the patient's name. */
function focusAfter(alert: string, opener: Element | null): void {
  requestAnimationFrame(() => {
    const own = document.querySelector<HTMLElement>(`[data-alert="${alert}"] .take`);
    const heading = document.querySelector<HTMLElement>('.who h2');
    const target = own ?? (opener?.isConnected && opener !== document.body ? (opener as HTMLElement) : heading);
    target?.focus();
  });
}
