// The open alerts as a list. Nothing is hidden, merged or cleared here; order is by urgency alone.
import { AckSheet } from './ack-sheet.tsx';
import { GlyphIcon } from './glyphs.tsx';
import type { Held } from './held.ts';
import type { SinceServer } from './tile.tsx';
import { alertText, bandOf, duration, inOrder } from './view-state.ts';
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
  return (
    <aside class="rail" aria-label="Open alerts">
      <Section
        {...props}
        title="Alerts"
        none="No alert"
        alerts={ordered.filter((alert) => alert.kind === 'physiological')}
      />
      <Section
        {...props}
        title="Not watched"
        none="Every signal is watched"
        alerts={ordered.filter((alert) => alert.kind === 'technical')}
      />
    </aside>
  );
}

function Section({
  title,
  none,
  ...props
}: RailProps & { readonly title: string; readonly none: string; readonly alerts: readonly AlertView[] }) {
  const count = props.live ? String(props.alerts.length) : '?';
  return (
    <section>
      <h2>
        {title} <span class="fact">{count}</span>
      </h2>
      {props.alerts.length === 0 ? <p class="fact">{props.live ? none : 'Not known'}</p> : null}
      <ul>
        {props.alerts.map((alert) => (
          <Row key={alert.id} alert={alert} {...props} />
        ))}
      </ul>
    </section>
  );
}

function Row({ alert, live, since, held, hold }: Omit<RailProps, 'alerts'> & { readonly alert: AlertView }) {
  const band = bandOf([alert], live ? 'live' : 'not-live');
  const { patient, acknowledged, signalPriority } = alert;
  return (
    <li class="row" data-alert={alert.id} data-state={alert.state}>
      <span class="glyph" data-look={alert.kind === 'technical' ? signalPriority : band.look}>
        {band.glyph ? <GlyphIcon name={band.glyph} flash={band.flash} /> : null}
      </span>
      <div>
        <h3>
          <span>{alertText(alert)}</span>
          <span>{live ? duration(since(alert.onsetAt)) : ''}</span>
        </h3>
        <p>
          {signalPriority} priority{patient ? ` · ${patient.bed} ${patient.name} ${patient.mrn}` : ''}
        </p>
        {acknowledged ? (
          <p>
            <b>{acknowledged.name}</b> has it; again in {duration(-since(acknowledged.until))}
          </p>
        ) : held && held.id === alert.id ? (
          <AckSheet held={held} now={alert} live={live} close={() => hold(null)} />
        ) : (
          <button type="button" aria-disabled={live ? undefined : 'true'} onClick={() => live && hold(alert)}>
            {live ? 'Acknowledge' : 'Acknowledge: this screen is not live'}
          </button>
        )}
      </div>
    </li>
  );
}
