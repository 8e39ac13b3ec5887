// Who it is, by bed and three identifiers, and how much of the patient is watched.

import type { TileLook } from './look.ts';
import type { Opening } from './patient-parts.ts';
import { shortTime } from './times.ts';
import type { WardView } from './ward-view.ts';
import type { TileView } from './wire.ts';
import { languageNow, t } from './words.ts';

interface WhoProps {
  readonly tile: TileView;
  readonly look: TileLook;
  readonly live: boolean;
  readonly next: { readonly id: string; readonly view: WardView } | null;
  readonly open: Opening;
}

export function Who({ tile, look, live, next, open }: WhoProps) {
  const { name, birthDate, mrn } = tile.patient;
  const bed = next?.view.look(next.id).value?.bed ?? '';
  return (
    <div class="who">
      <h2 tabIndex={-1}>
        <span class="bed">{look.bed}</span> <span class="name">{name}</span>
      </h2>
      <dl>
        <Fact term={t('patient.born')} text={dateText(birthDate)} />
        <Fact term={t('patient.record')} text={mrn} />
        {live ? <Fact term={t('patient.watched')} text={watchedText(tile)} /> : null}
      </dl>
      <nav>
        <a
          class="button"
          href="/"
          onClick={(event) => {
            event.preventDefault();
            open.openWall();
          }}
        >
          {t('patient.back')}
        </a>
        {next ? (
          <a
            class="button next"
            href={`/p/${next.id}`}
            onClick={(event) => {
              event.preventDefault();
              open.openPatient(next.id);
            }}
          >
            {t('patient.next', { bed })}
          </a>
        ) : null}
      </nav>
    </div>
  );
}

function Fact({ term, text }: { readonly term: string; readonly text: string }) {
  return (
    <div>
      <dt>{term}</dt> <dd>{text}</dd>
    </div>
  );
}

/** A day of birth belongs to no zone. */
function dateText(date: string): string {
  const at = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(at.getTime())) return date;
  const options = { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' } as const;
  return new Intl.DateTimeFormat(languageNow() === 'en' ? 'en-GB' : languageNow(), options).format(at);
}

function watchedText({ monitoring: { signals, since } }: TileView): string {
  const good = signals.filter(({ state }) => state === 'monitored').length;
  return t('patient.watchedOf', { good, all: signals.length, time: shortTime(since) });
}
