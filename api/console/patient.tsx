// One patient: who, the worst alert as a band over the whole width, the numbers of now, the ECG, the past on one axis of time,
// and beside it what belongs to the alert. It decides nothing: states come from `view-state.ts`, words from the server.
import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { Stream } from './follow.ts';
import { Header, SafeState } from './header.tsx';
import { type Held, holdOf } from './held.ts';
import { AlarmBands, worstOf } from './patient-band.tsx';
import { followPast } from './patient-data.ts';
import { EcgPanel } from './patient-ecg.tsx';
import { usePatientKeys } from './patient-keys.ts';
import { Numbers } from './patient-numbers.tsx';
import { PatientSheet } from './patient-sheet.tsx';
import { Side } from './patient-side.tsx';
import { TrendPanel } from './patient-trends.tsx';
import { Who } from './patient-who.tsx';
import { SignInForm } from './sign-in.tsx';
import { type Panel, PanelSheet } from './station.tsx';
import type { WardView } from './ward-view.ts';
import { t } from './words.ts';

export interface PatientProps {
  readonly id: string;
  readonly stream: Stream;
  readonly view: WardView;
  readonly user: string;
  readonly version: string | null;
  readonly openWall: () => void;
  readonly openPatient: (id: string) => void;
}

export function Patient({ id, stream, view, user, version, openWall, openPatient }: PatientProps) {
  const held = useSignal<Held | null>(null);
  const panel = useSignal<Panel>(null);
  const isTable = useSignal(false);
  const isFrozen = useSignal(false);
  const past = useMemo(() => followPast(id, stream), [id, stream]);
  useEffect(() => () => past.stop(), [past]);
  const { live, link, ended, known } = view.head.value;
  const look = view.look(id).value;
  const { ward } = stream.heard.value;
  const tile = ward.tiles.get(id)?.value ?? null;
  const entries = [...ward.alerts.values()].filter(({ alert }) => alert.patient?.id === id);
  const worst = worstOf(entries);
  useEffect(
    () => void past.askEvents(worst?.alert ?? null),
    [worst?.alert.id, worst?.alert.revision, worst?.alert.state],
  );
  const next = nextOf(view.order.value, id);
  usePatientKeys({
    held,
    panel,
    isTable,
    isFrozen,
    past,
    openWall,
    next: () => next !== null && openPatient(next),
    acknowledge: () => {
      if (live && worst && canTake(worst.alert.state)) held.value = holdOf(worst.alert);
    },
  });
  return (
    <div
      class="page patient-page"
      data-live={live ? 'yes' : 'no'}
      data-link={ended === null ? link : 'ended'}
      data-patient={id}
    >
      <Header view={view} version={version} units={false}>
        <button
          type="button"
          class="screen-button"
          aria-expanded={panel.value === 'settings'}
          onClick={() => {
            panel.value = panel.value === 'settings' ? null : 'settings';
          }}
        >
          {t('screen.settings')}
        </button>
      </Header>
      <SafeState view={view} retry={stream.retry} show={openPatient} signIn={<SignInForm done={stream.retry} />} />
      <PanelSheet panel={panel} />
      {tile === null || look === null ? (
        <main class="patient">
          <Unknown known={known && live} openWall={openWall} />
        </main>
      ) : (
        <main class="patient">
          <Who
            tile={tile}
            look={look}
            live={live}
            next={next === null ? null : { id: next, view }}
            open={{ openWall, openPatient }}
          />
          <AlarmBands entries={entries} tile={tile} look={look} stream={stream} live={live} held={held} />
          <div class="grid">
            <PatientSheet held={held} ward={ward} live={live} user={user} />
            <Numbers cells={look.cells} />
            <div class="middle">
              <EcgPanel stream={stream} tile={tile} look={look} live={live} isFrozen={isFrozen} />
              <TrendPanel past={past} live={live} tile={tile} isTable={isTable} />
            </div>
            <Side past={past} entry={worst} tile={tile} stream={stream} live={live} />
          </div>
        </main>
      )}
      <div class="frame" aria-hidden="true" />
    </div>
  );
}

function canTake(state: string): boolean {
  return state === 'active' || state === 'latched';
}

/** By bed, round and round; null: there is no other. */
function nextOf(order: readonly string[], id: string): string | null {
  const next = order[(order.indexOf(id) + 1) % order.length];
  return next === undefined || next === id ? null : next;
}

function Unknown({ known, openWall }: { readonly known: boolean; readonly openWall: () => void }) {
  if (!known) return <p class="nothing">{t('patient.loading')}</p>;
  return (
    <section class="panel unknown">
      <h2>{t('patient.unknown')}</h2>
      <p>{t('patient.unknownWhy')}</p>
      <button type="button" onClick={openWall}>
        {t('patient.back')}
      </button>
    </section>
  );
}
