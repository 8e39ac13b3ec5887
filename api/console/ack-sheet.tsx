// Acknowledging names alert, revision and patient as they were at the press: what changes meanwhile is shown, never taken.
import { useEffect, useRef, useState } from 'preact/hooks';
import { acknowledge } from './client.ts';
import type { Held } from './held.ts';
import { alertText } from './view-state.ts';
import type { AlertView } from './wire.ts';

interface SheetProps {
  readonly held: Held;
  readonly now: AlertView;
  readonly live: boolean;
  readonly close: () => void;
}

export function AckSheet({ held, now, live, close }: SheetProps) {
  const [said, say] = useState('');
  const [sending, setSending] = useState(false);
  const act = useRef<HTMLButtonElement>(null);
  useEffect(() => act.current?.focus(), []);
  const changed = now.revision !== held.revision;
  const send = async () => {
    if (!live || sending) return;
    setSending(true);
    say('Sending ...');
    const answer = await acknowledge(held);
    setSending(false);
    if (answer === 'taken') close();
    else say(answer);
  };
  return (
    <section class="sheet" aria-label="Acknowledge" onKeyDown={(event) => event.key === 'Escape' && close()}>
      <p>
        <b>{held.who}</b>
      </p>
      <p>{held.text}. It comes back if it lasts, at once if it gets worse. No other alert is touched.</p>
      {changed ? <p class="changed">Changed while this was open: {alertText(now)}</p> : null}
      <div class="acts">
        <button
          type="button"
          class="primary"
          ref={act}
          onClick={send}
          aria-disabled={live && !sending ? undefined : 'true'}
        >
          Acknowledge
        </button>
        <button type="button" onClick={close}>
          Not now
        </button>
      </div>
      {said === '' ? null : <p role="alert">{said}</p>}
    </section>
  );
}
