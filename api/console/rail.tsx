// The open alerts as a list. Nothing is hidden, merged or cleared here; order is by urgency alone.
import { useEffect, useRef } from 'preact/hooks';
import { AckSheet } from './ack-sheet.tsx';
import { GlyphIcon } from './glyphs.tsx';
import type { Held } from './held.ts';
import { say } from './say.ts';
import type { SinceServer } from './tile.tsx';
import { alertText, bandOf, behind, duration, inOrder } from './view-state.ts';
import type { AlertView } from './wire.ts';

interface RailProps {
  readonly alerts: readonly AlertView[];
  readonly live: boolean;
  readonly since: SinceServer;
  readonly held: Held | null;
  readonly hold: (alert: AlertView | null) => void;
}

/** Open alerts, worst first: those about patients, and apart from them those about our ability to watch. */
export function Rail(props: RailProps) {
  const ordered = inOrder(props.alerts);
  const rail = useRef<HTMLElement>(null);
  const focused = useRef<Element | null>(null);
  useEffect(() => {
    // A row that went took the focus with it: a keyboard must not have to begin again at the top of the page.
    if (focused.current === null || focused.current.isConnected || document.activeElement !== document.body) return;
    focused.current = null;
    rail.current?.focus();
    say('polite', 'The row that you were on is gone. You are at the open alerts.');
  });
  return (
    <aside
      class="rail"
      aria-label="Open alerts"
      ref={rail}
      tabIndex={-1}
      onFocusIn={({ target }) => {
        focused.current = target as Element;
      }}
    >
      <Section
        {...props}
        title="Alerts"
        none="No alert"
        all={ordered}
        alerts={ordered.filter((alert) => alert.kind === 'physiological')}
      />
      <Section
        {...props}
        title="Not watched"
        none="No alert about watching"
        all={ordered}
        alerts={ordered.filter((alert) => alert.kind === 'technical')}
      />
    </aside>
  );
}

function Section({
  title,
  none,
  all,
  ...props
}: RailProps & { readonly title: string; readonly none: string; readonly all: readonly AlertView[] }) {
  const count = props.live ? String(props.alerts.length) : '?';
  return (
    <section>
      <h2>
        {title} <span class="fact">{count}</span>
      </h2>
      {props.alerts.length === 0 ? <p class="fact">{props.live ? none : 'Not known'}</p> : null}
      <ul>
        {props.alerts.map((alert) => (
          <Row key={alert.id} alert={alert} {...props} all={all} />
        ))}
      </ul>
    </section>
  );
}

interface RowProps extends Omit<RailProps, 'alerts'> {
  readonly alert: AlertView;
  readonly all: readonly AlertView[];
}

function Row({ alert, all, live, since, held, hold }: RowProps) {
  const band = bandOf([alert], live ? 'live' : 'not-live');
  const { patient, acknowledged, signalPriority } = alert;
  const isHeld = held !== null && held.id === alert.id;
  const row = useRef<HTMLLIElement>(null);
  const close = () => {
    hold(null);
    row.current?.focus();
  };
  return (
    <li class="row" ref={row} tabIndex={-1} data-alert={alert.id} data-state={alert.state}>
      <span class="glyph" data-look={alert.kind === 'technical' ? signalPriority : band.look}>
        {band.glyph ? <GlyphIcon name={band.glyph} flash={band.flash} /> : null}
      </span>
      <div>
        <h3>
          <span>
            {patient ? <span class="bed">{patient.bed}</span> : null} {alertText(alert)}
          </span>
          <span>{live ? duration(since(alert.onsetAt)) : ''}</span>
        </h3>
        <p>
          {[`${signalPriority} priority`, patient ? `${patient.name} ${patient.mrn}` : behind(alert, all)]
            .filter((part) => part !== '')
            .join(' · ')}
        </p>
        {acknowledged ? (
          <p>
            <b>{acknowledged.name}</b> has it; again in {duration(-since(acknowledged.until))}
          </p>
        ) : isHeld ? (
          <AckSheet held={held} now={alert} live={live} close={close} />
        ) : (
          <button type="button" aria-disabled={live ? undefined : 'true'} onClick={() => live && hold(alert)}>
            {live ? 'Acknowledge' : 'Acknowledge: this screen is not live'}
          </button>
        )}
      </div>
    </li>
  );
}
