// Beside the charts: how this alert came about, what was before it, the limits, and which signals are watched.
import { alertText, causeWords, limitParts, numberText, priorityWords, signalName } from './alert-look.ts';
import { rangeOf } from './cell-look.ts';
import type { OpenAlert } from './fold.ts';
import { type Stream, serverTime } from './follow.ts';
import { GlyphIcon } from './glyphs.tsx';
import type { Priority } from './look.ts';
import type { AlertEvents, Past } from './patient-data.ts';
import { Rich } from './rich.tsx';
import { clockTime, duration, shortTime } from './times.ts';
import type { Lane } from './trend-data.ts';
import type { AlertView, TileView } from './wire.ts';
import { type MessageKey, t } from './words.ts';

interface SideProps {
  readonly past: Past;
  /** The alert in the band. */
  readonly entry: OpenAlert | null;
  readonly tile: TileView;
  readonly stream: Stream;
  readonly live: boolean;
}

export function Side({ past, entry, tile, stream, live }: SideProps) {
  const trends = past.trends.value;
  const events = past.events.value;
  const serverNow = serverTime(stream.heard.peek(), performance.now());
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and a keyboard has to reach that
    <aside class="panel side" aria-label={t('patient.side')} tabIndex={0}>
      {entry ? (
        <section>
          <h3>{t('patient.thisAlert')}</h3>
          <Timeline lines={timelineOf(entry.alert, events)} />
        </section>
      ) : null}
      <section>
        <h3>{t('patient.before')}</h3>
        {trends === null ? (
          <p class="nothing">{t('patient.loading')}</p>
        ) : (
          <Timeline lines={beforeOf(trends.alerts, tile, serverNow)} none={t('patient.beforeNone')} />
        )}
      </section>
      <section>
        <h3 id="limits-heading" tabIndex={-1}>
          {t('patient.limits')}
        </h3>
        {trends === null ? <p class="nothing">{t('patient.loading')}</p> : <Limits lanes={trends.lanes} />}
      </section>
      <section>
        <h3>{t('patient.signals')}</h3>
        <Signals tile={tile} live={live} />
      </section>
    </aside>
  );
}

interface Line {
  readonly key: string;
  readonly time: string;
  readonly text: string;
  readonly strong?: boolean;
}

function Timeline({ lines, none }: { readonly lines: readonly Line[]; readonly none?: string }) {
  if (lines.length === 0) return none === undefined ? null : <p class="none">{none}</p>;
  return (
    <ol class="timeline">
      {lines.map(({ key, time, text, strong }) => (
        <li key={key}>
          <time>{time}</time>
          <span class={strong ? 'strong' : undefined}>
            <Rich text={text} />
          </span>
        </li>
      ))}
    </ol>
  );
}

/** Events that say something to a person; a value that only moved on does not. */
const eventKeys: Readonly<Record<string, MessageKey | undefined>> = {
  acknowledged: 'patient.alertEvent.acknowledged',
  'ack-refused': 'patient.alertEvent.ack-refused',
  closed: 'patient.alertEvent.closed',
  'data-back': 'patient.alertEvent.data-back',
  'data-lost': 'patient.alertEvent.data-lost',
  eased: 'patient.alertEvent.eased',
  escalated: 'patient.alertEvent.escalated',
  latched: 'patient.alertEvent.latched',
  'needs-review': 'patient.alertEvent.needs-review',
  raised: 'patient.alertEvent.raised',
  reasserted: 'patient.alertEvent.reasserted',
  retrospective: 'patient.alertEvent.retrospective',
  revised: 'patient.alertEvent.revised',
  worsened: 'patient.alertEvent.worsened',
};

/** From its onset: what happened to it, and the number that was farthest out, at its time. */
function timelineOf(alert: AlertView, events: AlertEvents | null): Line[] {
  const began: Line = { key: 'began', time: clockTime(alert.onsetAt), text: t('patient.alertEvent.began') };
  const items = events?.alert === alert.id ? events.items : [];
  const lines = items.flatMap(({ event, alert: then }): Line[] => {
    const values = { priority: priorityWords(then.signalPriority), name: then.acknowledged?.name ?? '' };
    const key = eventKeys[event.type];
    if (key === undefined) return [];
    const text = t(key, values);
    const strong = event.type === 'raised' || event.type === 'worsened';
    return [{ key: event.id, time: clockTime(event.at), text, strong }];
  });
  return [began, ...lines, ...farthestOf(items)].sort((a, b) => a.time.localeCompare(b.time));
}

function farthestOf(items: AlertEvents['items']): Line[] {
  const values = items.flatMap(({ event, alert }) => {
    const [rule] = alert.rules;
    const { reading } = { ...rule };
    const last = reading && reading.state !== 'never' ? ('last' in reading ? reading.last : reading) : null;
    const sign = limitParts(rule?.limit ?? null)?.sign;
    return last?.value === undefined || sign === undefined
      ? []
      : [{ at: event.at, value: last.value, text: numberText(last), isLow: sign.startsWith('<') }];
  });
  const farther = (a: (typeof values)[number], b: (typeof values)[number]) =>
    a.isLow ? b.value < a.value : b.value > a.value;
  const [first, ...rest] = values;
  if (!first) return [];
  const farthest = rest.reduce((found, one) => (farther(found, one) ? one : found), first);
  const key = farthest.isLow ? 'patient.alertEvent.lowest' : 'patient.alertEvent.highest';
  return [{ key, time: clockTime(farthest.at), text: t(key, { value: farthest.text }) }];
}

const beforeMax = 12;

/** Alerts that are over and spans in which nobody watched, newest first. */
function beforeOf(alerts: readonly AlertView[], tile: TileView, serverNow: number): Line[] {
  const dayAgo = serverNow - 24 * 3_600_000;
  const closed = alerts.flatMap((alert) => {
    const { id, onsetAt, closedAt, acknowledged, peak } = alert;
    if (closedAt === null || Date.parse(closedAt) < dayAgo) return [];
    const time = duration(Date.parse(closedAt) - Date.parse(onsetAt));
    const values = { what: alertText(alert), priority: priorityWords(peak), time };
    const text = acknowledged
      ? t('patient.beforeTaken', { ...values, name: acknowledged.name })
      : t('patient.beforeAlert', values);
    return [{ key: id, at: onsetAt, text }];
  });
  const unwatched = tile.unwatched.map(({ from, to }) => {
    const time = duration(Date.parse(to) - Date.parse(from));
    return { key: `unwatched ${from}`, at: from, text: t('patient.beforeUnwatched', { time }) };
  });
  const lines = [...closed, ...unwatched].sort((a, b) => b.at.localeCompare(a.at));
  return lines.slice(0, beforeMax).map(({ at, ...line }) => ({ ...line, time: shortTime(at) }));
}

/** By priority, the range in which no rule of it is true. */
function Limits({ lanes }: { readonly lanes: readonly Lane[] }) {
  return (
    <dl class="limits">
      {lanes.map(({ vital, unit, limits, span }) => (
        <div key={vital}>
          <dt>
            <Rich text={signalName(vital)} /> {unit}
          </dt>
          <dd>
            {(['low', 'medium', 'high'] as const).map((priority) => {
              const now = limits.filter((one) => one.toMs >= span.toMs && one.priority === priority);
              const range = rangeOf(
                now.map(({ text }) => text),
                unit,
              );
              return range === '' ? null : <Limit key={priority} range={range} priority={priority} />;
            })}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Limit({ range, priority }: { readonly range: string; readonly priority: Priority }) {
  return (
    <span class="limit-line">
      <span>{range}</span>
      <span class="rank">
        <GlyphIcon name={priority} />
        <span class="unseen">{priorityWords(priority)}</span>
      </span>
    </span>
  );
}

const states = {
  monitored: ['dot', 'state.monitored'],
  degraded: ['ring', 'screen.degraded'],
  'not-monitored': ['cross', 'state.notMonitoredWord'],
} as const;

function Signals({ tile, live }: { readonly tile: TileView; readonly live: boolean }) {
  if (!live) return <p class="none">{t('alert.notKnown')}</p>;
  return (
    <ul class="signals">
      {tile.monitoring.signals.map(({ signal, source, state, cause }) => {
        const [glyph, key] = states[state];
        return (
          <li key={`${signal} ${source}`}>
            <span>
              <Rich text={signalName(signal)} />
            </span>
            <span class="state">
              <GlyphIcon name={glyph} />
              {state === 'monitored' ? t(key) : cause === null ? t('cause.waiting') : causeWords(cause)}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
