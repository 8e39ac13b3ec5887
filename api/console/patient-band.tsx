// The patient's open alerts: the worst over the whole width, the others below it in a line each. Each can be taken here.
import { bandOf, inOrder, type Look, signalName, subjectOf } from './alert-look.ts';
import type { OpenAlert } from './fold.ts';
import { type Stream, serverTime } from './follow.ts';
import { GlyphIcon } from './glyphs.tsx';
import { holdOf } from './held.ts';
import type { BandView, TileLook } from './look.ts';
import type { HeldSignal } from './patient-parts.ts';
import { Rich } from './rich.tsx';
import { clockTime, duration, shortTime } from './times.ts';
import type { AlertView, TileView } from './wire.ts';
import { t } from './words.ts';

/** The one that stands in the band; what was found later calls nobody. */
export function worstOf(entries: readonly OpenAlert[]): OpenAlert | null {
  return ordered(entries)[0] ?? null;
}

function ordered(entries: readonly OpenAlert[]): OpenAlert[] {
  const shown = entries.filter(({ alert }) => alert.state !== 'retrospective');
  return inOrder(shown.map(({ alert }) => alert)).flatMap((alert) => shown.find((one) => one.alert === alert) ?? []);
}

interface BandsProps {
  readonly tile: TileView;
  readonly entries: readonly OpenAlert[];
  readonly look: TileLook;
  readonly stream: Stream;
  readonly live: boolean;
  readonly held: HeldSignal;
}

export function AlarmBands({ entries, tile, look, stream, live, held }: BandsProps) {
  const [worst, ...others] = ordered(entries);
  const serverNow = serverTime(stream.heard.value, stream.now.value);
  const seen: Look = { live, serverNow, measurements: live ? tile.measurements : [] };
  return (
    <section class="bands" aria-label={t('screen.alerts')}>
      {look.plate ? (
        <div class="big-band plate-band" data-look="not-monitored">
          <i class="hazard" />
          <div class="text">
            <strong>{t('state.notMonitored')}</strong>
            <p>
              <Rich
                text={[`${look.plate.cause} ${look.plate.time}`, look.plate.since, look.plate.last]
                  .filter((part) => part !== '')
                  .join(' · ')}
              />
            </p>
          </div>
        </div>
      ) : null}
      {worst ? (
        <BigBand entry={worst} seen={seen} held={held} />
      ) : (
        <p class="no-alert">{t(live ? 'alert.none' : 'alert.notKnown')}</p>
      )}
      {others.map((entry) => (
        <SmallBand key={entry.alert.id} entry={entry} seen={seen} held={held} />
      ))}
    </section>
  );
}

interface BandProps {
  readonly entry: OpenAlert;
  readonly seen: Look;
  readonly held: HeldSignal;
}

function BigBand({ entry, seen, held }: BandProps) {
  const { live, serverNow } = seen;
  const band = bandOf(entry, seen);
  const { alert } = entry;
  const time = live && Number.isFinite(serverNow) ? duration(serverNow - Date.parse(alert.onsetAt)) : '';
  return (
    <div class="big-band" {...attributesOf(band, alert)}>
      <span class="sign">{band.glyph ? <GlyphIcon name={band.glyph} flash={band.flash} /> : null}</span>
      <div class="text">
        <strong>
          <Subject band={band} alert={alert} />
          {time === '' ? null : <span class="time">{time}</span>}
        </strong>
        <p>
          {linesOf(alert, band, serverNow, live).map((line) => (
            <span key={line}>
              <Rich text={line} />{' '}
            </span>
          ))}
        </p>
      </div>
      <Take alert={alert} live={live} held={held} />
    </div>
  );
}

function SmallBand({ entry, seen, held }: BandProps) {
  const { live } = seen;
  const band = bandOf(entry, seen);
  return (
    <div class="small-band" {...attributesOf(band, entry.alert)}>
      <span class="sign">{band.glyph ? <GlyphIcon name={band.glyph} flash={band.flash} /> : null}</span>
      <span class="text">
        <Subject band={band} alert={entry.alert} />
        {band.marks.map(({ text }) => (
          <span key={text} class="mark">
            {text}
          </span>
        ))}
      </span>
      {band.time === '' ? null : <span class="time">{band.time}</span>}
      <Take alert={entry.alert} live={live} held={held} />
    </div>
  );
}

function attributesOf(band: BandView, alert: AlertView) {
  return {
    'data-look': band.look,
    'data-priority': band.priority ?? undefined,
    'data-alert': alert.id,
    'data-state': alert.state,
  };
}

function Subject({ band, alert }: { readonly band: BandView; readonly alert: AlertView }) {
  const { number, unit } = subjectOf(alert);
  return (
    <>
      <span class="unseen">{band.spoken}</span>
      <span aria-hidden="true">
        <Rich text={band.what} /> {band.number} {band.number === number ? unit : ''}
      </span>{' '}
    </>
  );
}

/** When it began, by which rule, what is special about it, and who has it. */
function linesOf(alert: AlertView, band: BandView, serverNow: number, live: boolean): string[] {
  const [rule] = alert.rules;
  const { acknowledged } = alert;
  const again = acknowledged ? Date.parse(acknowledged.until) - serverNow : Number.NaN;
  return [
    `${t('patient.since', { time: clockTime(alert.onsetAt) })}.`,
    ...(rule ? [`${t('patient.rule', { rule: rule.id, version: rule.version })}.`] : []),
    ...(alert.kind === 'technical' ? sourceOf(alert) : []),
    ...band.marks.map(({ text }) => `${text}.`),
    ...(acknowledged ? [`${t('alert.by', { name: acknowledged.name, time: shortTime(acknowledged.at) })}.`] : []),
    ...(acknowledged && live ? [`${t('alert.comesAgain', { time: duration(again) })}.`] : []),
  ];
}

function sourceOf({ scope }: AlertView): string[] {
  const [, device, signal] = scope.split(':');
  return device === undefined || signal === undefined ? [] : [`${signalName(signal)}, ${device}.`];
}

/** Opens the sheet; there the patient stands with two identifiers before anything is taken. */
function Take({ alert, live, held }: { readonly alert: AlertView; readonly live: boolean; readonly held: HeldSignal }) {
  if (alert.state !== 'active' && alert.state !== 'latched') return null;
  const { patient } = alert;
  const object = patient
    ? t('act.acknowledge.object', { what: subjectOf(alert).spoken, bed: patient.bed, name: patient.name })
    : t('act.acknowledge');
  return (
    <button
      type="button"
      class="take"
      aria-label={live ? object : t('act.acknowledge.notLive')}
      aria-disabled={live ? undefined : 'true'}
      onClick={() => {
        if (live) held.value = holdOf(alert);
      }}
    >
      {t('act.acknowledge')}
    </button>
  );
}
