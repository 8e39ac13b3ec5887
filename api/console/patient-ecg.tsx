// The ECG of the patient: one lead as a sweep, its scale, and the same in words for who listens.
import type { Signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { createClient } from '../../contract/index.ts';
import { causeWords, signalName } from './alert-look.ts';
import { mountStrip, type Strip } from './ecg-strip.ts';
import { type Stream, serverTime } from './follow.ts';
import type { TileLook } from './look.ts';
import { clockTime } from './times.ts';
import { ringMs } from './wave-ring.ts';
import type { TileView } from './wire.ts';
import { t } from './words.ts';

interface EcgProps {
  readonly stream: Stream;
  readonly tile: TileView;
  readonly look: TileLook;
  readonly live: boolean;
  readonly isFrozen: Signal<boolean>;
}

const lengths = [6, 12] as const;
type LeadName = 'II';
/** The store has what was live a moment ago only after this time. */
const storedAfterMs = 2_500;

export function EcgPanel({ stream, tile, look, live, isFrozen }: EcgProps) {
  const leads = tile.leads.filter((lead) => lead !== 'pleth');
  const usual = leads.find((lead) => lead === 'II') ?? leads[0];
  const [chosen, choose] = useState<string | null>(null);
  const [seconds, setSeconds] = useState<number | undefined>(undefined);
  const [lasts, setLasts] = useState(0);
  const [frozenAt, setFrozenAt] = useState('');
  const lead = leads.includes(chosen ?? '') ? (chosen as string) : usual;
  const frozen = isFrozen.value && live && lead !== undefined;
  useEffect(() => {
    setFrozenAt(frozen ? clockTime(serverTime(stream.heard.peek(), performance.now())) : '');
  }, [frozen]);
  useEffect(() => {
    if (!live) isFrozen.value = false;
  }, [live]);
  if (lead === undefined)
    return (
      <section class="panel ecg" aria-labelledby="ecg-heading">
        <h3 id="ecg-heading" tabIndex={-1}>
          {t('patient.ecg')}
        </h3>
        <p class="nothing">{t('patient.ecgNone')}</p>
      </section>
    );
  return (
    <section class="panel ecg" aria-labelledby="ecg-heading" data-frozen={frozen ? 'yes' : 'no'}>
      <div class="panel-head">
        <h3 id="ecg-heading" tabIndex={-1}>
          {t('patient.ecgLead', { lead: leadName(lead) })}
        </h3>
        <span class="detail">
          {t('patient.ecgScale')}
          {live ? `, ${qualityOf(tile, lead)}` : ''}
        </span>
        {frozen ? <strong class="frozen">{t('patient.frozen', { time: frozenAt })}</strong> : null}
        <span class="space" />
        {leads.length > 1 ? (
          <Choice
            label={t('patient.ecg')}
            options={leads.map((one) => [one, leadName(one)])}
            chosen={lead}
            choose={choose}
          />
        ) : null}
        <Choice
          label={t('patient.sweep')}
          options={lengths.map((one) => [String(one), t('patient.seconds', { seconds: one })])}
          chosen={String(lasts)}
          choose={(one) => setSeconds(Number(one))}
        />
        <button
          type="button"
          aria-pressed={frozen}
          aria-disabled={live ? undefined : 'true'}
          onClick={() => {
            if (live) isFrozen.value = !isFrozen.value;
          }}
        >
          {t('patient.freeze')}
        </button>
      </div>
      <Sweep
        key={lead}
        stream={stream}
        patient={tile.patient.id}
        lead={lead}
        live={live}
        frozen={frozen}
        seconds={seconds}
        lasting={setLasts}
      />
      <p class="unseen">
        {t('patient.ecgTwin', { lead: leadName(lead), rate: rateOf(look), quality: qualityOf(tile, lead) })}
      </p>
    </section>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly options: readonly (readonly [value: string, words: string])[];
  readonly chosen: string;
  readonly choose: (value: string) => void;
}

/** A few of which one holds. */
export function Choice({ label, options, chosen, choose }: ChoiceProps) {
  return (
    <fieldset class="segments" aria-label={label}>
      {options.map(([value, words]) => (
        <button key={value} type="button" aria-pressed={value === chosen} onClick={() => choose(value)}>
          {words}
        </button>
      ))}
    </fieldset>
  );
}

interface SweepProps {
  readonly stream: Stream;
  readonly patient: string;
  readonly lead: string;
  readonly live: boolean;
  readonly frozen: boolean;
  readonly seconds: number | undefined;
  readonly lasting: (seconds: number) => void;
}

function Sweep({ stream, patient, lead, live, frozen, seconds, lasting }: SweepProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const strip = useRef<Strip | null>(null);
  useEffect(() => {
    const mounted = mountStrip(canvas.current as HTMLCanvasElement, {
      mark: t('patient.mark'),
      lasting,
      serverNow: () => serverTime(stream.heard.peek(), performance.now()),
      holeWords: (sinceMs) => holeWords(stream, patient, lead, sinceMs),
    });
    strip.current = mounted;
    const leave = stream.takeWave(patient, lead, (block) => mounted.push(block));
    const before = setTimeout(() => void fillIn(mounted, stream, patient, lead), storedAfterMs);
    return () => {
      leave();
      clearTimeout(before);
      mounted.dispose();
      strip.current = null;
    };
  }, [stream, patient, lead]);
  useEffect(() => strip.current?.live(live), [live]);
  useEffect(() => strip.current?.freeze(frozen), [frozen]);
  useEffect(() => {
    if (seconds !== undefined) strip.current?.lasts(seconds);
  }, [seconds]);
  return (
    <div class="sweep">
      <canvas ref={canvas} class="strip-canvas" data-lead={lead} />
    </div>
  );
}

/** What came before the screen was opened, from the store: it is drawn where it belongs. Without it the sweep fills by itself. */
async function fillIn(strip: Strip, stream: Stream, patient: string, lead: string): Promise<void> {
  const toMs = serverTime(stream.heard.peek(), performance.now());
  if (!Number.isFinite(toMs)) return;
  const span = { from: new Date(toMs - ringMs).toISOString(), to: new Date(toMs).toISOString() };
  try {
    const query = { lead: lead as LeadName, ...span };
    const { body } = await createClient().call('GET /patients/{id}/waveforms', { params: { id: patient }, query });
    for (const block of body.items) strip.push(block);
  } catch {
    // The past of a sweep is no more than twelve seconds.
  }
}

function leadName(lead: string): string {
  return signalName(lead).replace(/^ECG /, '');
}

function rateOf({ cells }: TileLook): string {
  const rate = cells.find(({ signal }) => signal === 'hr') ?? cells.find(({ signal }) => signal === 'pulse');
  return rate?.current ? t('patient.perMinute', { rate: rate.value }) : t('patient.noRate');
}

function signalOf({ monitoring }: TileView, lead: string) {
  return monitoring.signals.find(({ signal }) => signal === lead);
}

/** As the server judges the signal. */
function qualityOf(tile: TileView, lead: string): string {
  const signal = signalOf(tile, lead);
  if (signal?.state === 'monitored') return t('patient.qualityGood');
  return signal?.cause ? causeWords(signal.cause) : t('patient.noSignal');
}

/** Words for a hole, by the server's cause where it has one. */
function holeWords(stream: Stream, patient: string, lead: string, sinceMs: number): string {
  const tile = stream.heard.peek().ward.tiles.get(patient)?.value;
  const cause = tile && signalOf(tile, lead)?.cause;
  if (Number.isNaN(sinceMs)) return cause ? causeWords(cause) : t('patient.noSignal');
  const time = clockTime(sinceMs);
  return cause === 'lead-off' ? t('patient.leadOff', { time }) : t('patient.noSignalSince', { time });
}
