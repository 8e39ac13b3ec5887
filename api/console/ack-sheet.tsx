// Acknowledging names alert, revision and patient as they were at the press: what changes meanwhile is shown, never taken.
import { useEffect, useRef, useState } from 'preact/hooks';
import { alertText, bandOf } from './alert-look.ts';
import { acknowledge, type Verdict } from './client.ts';
import { GlyphIcon } from './glyphs.tsx';
import { type Held, holdOf } from './held.ts';
import { Rich } from './rich.tsx';
import { shortTime } from './times.ts';
import type { AlertView } from './wire.ts';
import { t } from './words.ts';

interface SheetProps {
  /** As it was when it was opened. */
  readonly held: Held;
  /** As it is now; null: it has ended. */
  readonly now: AlertView | null;
  readonly live: boolean;
  readonly user: string;
  readonly close: () => void;
}

/** After a change nobody can press by accident what he meant for something else. */
const changedForMs = 1_000;

const verdictKeys = [
  ['true-alert', 'act.verdict.true'],
  ['no-action', 'act.verdict.noAction'],
  ['false-alert', 'act.verdict.false'],
] as const;

export function AckSheet({ held, now, live, user, close }: SheetProps) {
  const seen = useRef(held.revision);
  const [said, setSaid] = useState('');
  const [state, setState] = useState<'open' | 'sending' | 'pending'>('open');
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const [isFresh, setFresh] = useState(false);
  const pressed = useRef<number | null>(null);
  const act = useRef<HTMLButtonElement>(null);
  useEffect(() => act.current?.focus(), []);

  const isTaken = now?.state === 'acknowledged';
  const isOpen = now !== null && !isTaken;
  const isChanged = now !== null && now.revision !== held.revision;
  useEffect(() => {
    if (now === null || now.revision === seen.current) return;
    seen.current = now.revision;
    setFresh(true);
    const timer = setTimeout(() => setFresh(false), changedForMs);
    return () => clearTimeout(timer);
  }, [now?.revision]);
  useEffect(() => {
    if (isTaken && state !== 'open') close();
  }, [isTaken, state]);

  useEffect(() => {
    // Its button went with the alert: the keyboard stays in the sheet.
    if (!isOpen && document.activeElement === document.body) act.current?.focus();
  }, [isOpen]);

  const canAct = live && isOpen && !isFresh && state === 'open';
  const press = () => {
    pressed.current = now?.revision ?? null;
  };
  const send = async () => {
    const wanted = pressed.current;
    pressed.current = null;
    if (!canAct || now === null) return;
    // The row moved between press and release: the press was for something else.
    if (wanted !== null && wanted !== now.revision) {
      setSaid(t('act.moved'));
      return;
    }
    setState('sending');
    setSaid(t('act.sending'));
    const answer = await acknowledge(holdOf(now), verdict);
    setSaid(answer.text);
    setState(answer.state === 'refused' ? 'open' : 'pending');
  };
  const shown = bandOf({ n: 0, alert: now ?? held.alert, said: null }, { live, serverNow: Number.NaN });
  const look = live ? shown.look : 'as-of';
  return (
    <section
      class="sheet"
      role="dialog"
      aria-label={t('act.acknowledge.sheet')}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        close();
      }}
    >
      <div class="head" data-look={look} data-priority={shown.priority ?? undefined}>
        {shown.glyph ? <GlyphIcon name={shown.glyph} flash={live ? shown.flash : null} /> : null}
        <h2>
          <Rich text={now === null ? held.text : alertText(now)} />
        </h2>
      </div>
      <div class="inside">
        <Who held={held} />
        {isOpen ? (
          <p>
            {t('act.youTake')} {t(now.state === 'latched' ? 'act.latchedNow' : 'act.comesBack')}
          </p>
        ) : null}
        {held.others > 0 && isOpen ? <p>{t('act.group', { count: held.others })}</p> : null}
        {isOpen && isChanged ? (
          <p class="changed">
            <Rich text={t('act.changed', { what: alertText(now) })} />
          </p>
        ) : null}
        {isTaken && state === 'open' ? <p class="changed">{takenText(now)}</p> : null}
        {now === null ? <p class="changed">{t('act.ended')}</p> : null}
        {live ? null : <p class="changed">{t('act.notLive')}</p>}
        {isOpen ? <Verdicts verdict={verdict} choose={setVerdict} /> : null}
        {said === '' ? null : (
          <p class="said" role="alert">
            {said}
          </p>
        )}
        <div class="acts">
          {isOpen ? (
            <button
              type="button"
              class="primary"
              ref={act}
              onPointerDown={press}
              onKeyDown={({ key, repeat }) => {
                if ((key === 'Enter' || key === ' ') && !repeat) press();
              }}
              onClick={send}
              aria-disabled={canAct ? undefined : 'true'}
            >
              {isChanged ? t('act.again') : t('act.acknowledge.as', { name: user })}
            </button>
          ) : null}
          <button type="button" onClick={close} ref={isOpen ? null : act}>
            {t(isOpen ? 'act.back' : 'act.close')}
          </button>
        </div>
      </div>
    </section>
  );
}

function takenText({ acknowledged }: AlertView): string {
  return acknowledged ? t('act.has', { name: acknowledged.name, time: shortTime(acknowledged.at) }) : '';
}

/** Two identifiers and the bed. */
function Who({ held: { who } }: { readonly held: Held }) {
  if (who === null) return <p>{t('act.noPatient')}</p>;
  const { bed, name, born, mrn } = who;
  return (
    <p class="who">
      <b>
        {bed} {name}
      </b>
      , {t('act.patient', { born, mrn })}
    </p>
  );
}

function Verdicts({
  verdict,
  choose,
}: {
  readonly verdict: Verdict | null;
  readonly choose: (verdict: Verdict) => void;
}) {
  return (
    <fieldset>
      <legend>{t('act.verdict')}</legend>
      {verdictKeys.map(([value, key]) => (
        <label key={value}>
          <input type="radio" name="verdict" checked={verdict === value} onChange={() => choose(value)} />
          {t(key)}
        </label>
      ))}
    </fieldset>
  );
}
