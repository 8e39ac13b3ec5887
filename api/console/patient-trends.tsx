// The past of a patient: charts on one axis of time with their alerts above, or the table that holds the same numbers.
import type { Signal } from '@preact/signals';
import { alertText, causeWords, priorityWords, signalName } from './alert-look.ts';
import type { Past, Trends } from './patient-data.ts';
import { Choice } from './patient-ecg.tsx';
import { Rich } from './rich.tsx';
import { settings } from './settings.ts';
import { clockTime, shortTime } from './times.ts';
import { TrendCharts } from './trend.tsx';
import { extremesOf, type Lane, ranges, rowsOf, type Span, type TrendRow } from './trend-data.ts';
import { asOf } from './view-state.ts';
import type { AlertView, TileView } from './wire.ts';
import { t } from './words.ts';

interface PanelProps {
  readonly past: Past;
  readonly tile: TileView;
  readonly live: boolean;
  readonly isTable: Signal<boolean>;
}

export function TrendPanel({ past, live, isTable }: PanelProps) {
  const trends = past.trends.value;
  const failure = past.failure.value;
  const hasPast = trends?.lanes.some(({ limits, span }) => limits.some(({ fromMs }) => fromMs > span.fromMs)) ?? false;
  const isOld = trends !== null && (!live || failure !== null || trends.range !== past.range.value);
  return (
    <section class="panel trends" aria-labelledby="trends-heading">
      <div class="panel-head">
        <h3 id="trends-heading" tabIndex={-1}>
          {t('patient.trends')}
        </h3>
        <span class="detail">{t(hasPast ? 'patient.limitsThen' : 'patient.limitsNow')}</span>
        {isOld ? <span class="detail as-of">{asOf(clockTime(trends.asOf))}</span> : null}
        <span class="space" />
        <Choice
          label={t('patient.range')}
          options={ranges.map(({ hours }) => [String(hours), t('patient.hour', { hours })])}
          chosen={String(past.range.value.hours)}
          choose={(hours) => {
            const range = ranges.find((one) => String(one.hours) === hours);
            if (range) past.choose(range);
          }}
        />
        <button type="button" aria-pressed={isTable.value} onClick={() => (isTable.value = !isTable.value)}>
          {t('patient.table')}
        </button>
      </div>
      {failure ? (
        <p class="failure" role="alert">
          {failure.detail === null
            ? t('patient.silent')
            : t('patient.refused', { detail: failure.detail, request: failure.request })}
        </p>
      ) : null}
      {trends === null ? (
        <p class="nothing">{t('patient.loading')}</p>
      ) : isTable.value ? (
        <TrendTable trends={trends} />
      ) : (
        <Chart trends={trends} />
      )}
    </section>
  );
}

function Chart({ trends }: { readonly trends: Trends }) {
  const { theme, size } = settings.value;
  return (
    <div class="chart">
      <AlertLane alerts={trends.alerts} span={trends.span} asOf={trends.asOf} />
      <TrendCharts lanes={trends.lanes} span={trends.span} theme={`${theme} ${size}`} />
      <p class="unseen">{summaryOf(trends)}</p>
    </div>
  );
}

/** Alerts over the span: tall and full where a patient was in danger, striped where we could not see. */
function AlertLane({
  alerts,
  span,
  asOf: now,
}: {
  readonly alerts: readonly AlertView[];
  readonly span: Span;
  readonly asOf: number;
}) {
  const shown = alerts.filter((alert) => endOf(alert, now) > span.fromMs && Date.parse(alert.onsetAt) < span.toMs);
  const share = (ms: number) =>
    (100 * (Math.min(span.toMs, Math.max(span.fromMs, ms)) - span.fromMs)) / (span.toMs - span.fromMs);
  return (
    <div class="alert-lane" aria-hidden="true">
      <span class="lane-words">{t('patient.alertLane')}</span>
      <div class="spans">
        {[...shown].reverse().map((alert) => {
          const from = share(Date.parse(alert.onsetAt));
          const kind = alert.kind === 'technical' ? 'technical' : alert.peak;
          return (
            <i
              key={alert.id}
              data-kind={kind}
              title={spanText(alert)}
              style={{ insetInlineStart: `${from}%`, inlineSize: `${share(endOf(alert, now)) - from}%` }}
            />
          );
        })}
      </div>
    </div>
  );
}

function endOf({ closedAt }: AlertView, now: number): number {
  return closedAt === null ? now : Date.parse(closedAt);
}

function spanText(alert: AlertView): string {
  const what = `${alertText(alert)}, ${priorityWords(alert.peak)}`;
  const from = shortTime(alert.onsetAt);
  if (alert.closedAt === null) return t('patient.alertSpanOpen', { what, from });
  return t('patient.alertSpan', { what, from, to: shortTime(alert.closedAt) });
}

/** The chart in a few sentences. */
function summaryOf({ range, lanes, alerts, span, asOf: now }: Trends): string {
  const shown = alerts.filter((alert) => endOf(alert, now) > span.fromMs);
  const told = shown.slice(0, 5).map(spanText);
  return [
    t('patient.summaryRange', { hours: range.hours }),
    ...lanes.map((lane) => `${laneText(lane)}.`),
    `${[t('patient.summaryAlerts', { count: shown.length }), ...told].join('; ')}.`,
  ].join(' ');
}

function laneText(lane: Lane): string {
  const vital = signalName(lane.vital);
  const extremes = extremesOf(lane);
  const gaps = lane.gaps.map((gap) => gapText(gap, gap.cause));
  const values = extremes
    ? t('patient.summary', { vital, min: extremes.min, max: extremes.max, unit: lane.unit })
    : t('patient.summaryNone', { vital });
  return [values, ...gaps].join(', ');
}

function gapText({ fromMs, toMs }: Span, cause: string | null): string {
  const text = t('patient.gap', { from: shortTime(fromMs), to: shortTime(toMs) });
  return cause === null ? text : `${text}: ${causeWords(cause)}`;
}

function TrendTable({ trends }: { readonly trends: Trends }) {
  const { lanes, span, range } = trends;
  const rows = rowsOf(lanes);
  const time = range.bucketMs < 60_000 ? clockTime : shortTime;
  if (rows.every(({ gap }) => gap !== null))
    return <p class="nothing">{t('patient.nothing', { from: shortTime(span.fromMs), to: shortTime(span.toMs) })}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and a keyboard has to reach that
    <section class="table" tabIndex={0} aria-labelledby="trends-heading">
      <table>
        <thead>
          <tr>
            <th scope="col">{t('patient.tableTime')}</th>
            {lanes.map(({ vital, unit }) => (
              <th key={vital} scope="col">
                <Rich text={signalName(vital)} /> <small>{unit}</small>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.fromMs} ${row.gap ? row.toMs : ''}`} data-gap={row.gap ? 'yes' : undefined}>
              <th scope="row">{row.gap ? `${time(row.fromMs)}–${time(row.toMs)}` : time(row.fromMs)}</th>
              {lanes.map(({ vital }) => (
                <td key={vital} data-vital={vital}>
                  {cellText(row, vital)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** The mean, and from where to where, in one bucket. */
function cellText({ values, gap }: TrendRow, vital: string): string {
  if (gap) return vital in gap ? (gap[vital] ? causeWords(gap[vital]) : t('patient.noData')) : '';
  const one = values[vital];
  if (!one) return '';
  return one.min === one.max ? String(one.mean) : `${one.mean} (${one.min}–${one.max})`;
}
