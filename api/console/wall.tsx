// The wall: tiles in their places, and the list of open alerts. It shows what the server judged; when the link is lost it shows
// no number as current.
import { type Signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { type Layout, layoutOf } from './density.ts';
import { type Stream, serverTime } from './follow.ts';
import { GlyphIcon } from './glyphs.tsx';
import { Header, SafeState } from './header.tsx';
import { type Held, holdOf } from './held.ts';
import type { History } from './history.ts';
import { followKeys } from './keys.ts';
import { PatientRows } from './patient-rows.tsx';
import { Rail } from './rail.tsx';
import { choose, settings, sizes } from './settings.ts';
import { SignInForm } from './sign-in.tsx';
import { Spark } from './spark.tsx';
import { type Panel, PanelSheet, Station } from './station.tsx';
import { Strip } from './strip.tsx';
import { TileCard } from './tile.tsx';
import type { WardView } from './ward-view.ts';
import type { AlertView } from './wire.ts';
import { t } from './words.ts';

export interface WallProps {
  readonly stream: Stream;
  readonly view: WardView;
  readonly history: Signal<History>;
  readonly user: string;
  readonly version: string | null;
  readonly isPhone: Signal<boolean>;
  readonly openPatient?: (id: string) => void;
}

/** The whole screen: header, what cannot be watched, tiles in their places, open alerts. */
export function Wall({ stream, view, history, user, version, isPhone, openPatient }: WallProps) {
  const held = useSignal<Held | null>(null);
  const panel = useSignal<Panel>(null);
  const { live, link, ended } = view.head.value;
  const phone = isPhone.value;
  const layout = useSignal<Layout>({ density: 'strips', columns: 4 });
  useWallKeys({ stream, view, held, panel, ...(openPatient && { openPatient }) });
  const current = (id: string): AlertView | null => stream.heard.value.ward.alerts.get(id)?.alert ?? null;
  const screenButton = (
    <button
      type="button"
      class="screen-button"
      aria-expanded={panel.value === 'settings'}
      onClick={() => (panel.value = panel.value === 'settings' ? null : 'settings')}
    >
      {t('screen.settings')}
    </button>
  );
  const rail = (
    <Rail
      view={view}
      user={user}
      held={held}
      current={current}
      between={phone ? <PatientRows view={view} {...(openPatient && { open: openPatient })} /> : null}
      foot={
        <Station view={view} user={user} phone={phone}>
          {phone ? screenButton : null}
        </Station>
      }
    />
  );
  return (
    <div
      class="page"
      data-live={live ? 'yes' : 'no'}
      data-link={ended === null ? link : 'ended'}
      data-phone={phone ? 'yes' : 'no'}
    >
      <Header view={view} version={version} phone={phone} units={!phone && layout.value.density === 'numbers'}>
        {phone ? null : screenButton}
      </Header>
      <SafeState view={view} retry={stream.retry} show={showTile} signIn={<SignInForm done={stream.retry} />} />
      <PanelSheet panel={panel} />
      <main>
        {phone ? null : (
          <Tiles stream={stream} view={view} history={history} layout={layout} {...(openPatient && { openPatient })} />
        )}
        {rail}
      </main>
      {phone ? <Tabs view={view} /> : null}
      <div class="frame" aria-hidden="true" />
    </div>
  );
}

/** Brings a patient into sight, and the keyboard with it. */
function showTile(id: string): void {
  const tile = document.querySelector<HTMLElement>(`[data-patient="${id}"]`);
  tile?.scrollIntoView({ block: 'nearest' });
  tile?.focus();
}

interface TilesProps {
  readonly stream: Stream;
  readonly view: WardView;
  readonly history: Signal<History>;
  readonly layout: Signal<Layout>;
  readonly openPatient?: (id: string) => void;
}

function Tiles({ stream, view, history, layout, openPatient }: TilesProps) {
  const box = useRef<HTMLElement>(null);
  const roving = useSignal<string | null>(null);
  const ids = view.order.value;
  const { live } = view.head.value;
  const { size } = settings.value;
  const { density, columns } = layout.value;
  useEffect(() => {
    const { current } = box;
    if (!current) return;
    const measure = () => {
      const remPx = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
      const next = layoutOf(ids.length, current.clientWidth, current.clientHeight, remPx);
      if (JSON.stringify(next) !== JSON.stringify(layout.peek())) layout.value = next;
    };
    measure();
    const sizes = new ResizeObserver(measure);
    sizes.observe(current);
    return () => sizes.disconnect();
  }, [ids.length, size]);
  const reached = roving.value !== null && ids.includes(roving.value) ? roving.value : ids[0];
  return (
    <section
      class="wall"
      ref={box}
      aria-label={t('screen.patients')}
      data-density={density}
      style={{ '--columns': String(columns) }}
      onFocusIn={({ target }) => {
        roving.value = (target as Element).closest('article')?.getAttribute('data-patient') ?? roving.value;
      }}
    >
      {ids.length === 0 ? <p class="none">{t(live ? 'screen.emptyUnit' : 'alert.notKnown')}</p> : null}
      {ids.map((id) => (
        <TileCard
          key={id}
          look={view.look(id)}
          tabIndex={id === reached ? 0 : -1}
          {...(openPatient && { open: openPatient })}
          strip={density === 'strips' ? <TileStrip stream={stream} id={id} live={live} /> : null}
          spark={density === 'strips' ? <TileSpark stream={stream} history={history} id={id} live={live} /> : null}
        />
      ))}
    </section>
  );
}

interface PartProps {
  readonly stream: Stream;
  readonly id: string;
  readonly live: boolean;
}

/** The lead that is drawn: II where there is one. */
function TileStrip({ stream, id, live }: PartProps) {
  const leads = stream.heard.value.ward.tiles.get(id)?.value.leads ?? [];
  const lead = leads.find((one) => one === 'II') ?? leads[0];
  return lead === undefined ? <div class="room" /> : <Strip stream={stream} patient={id} lead={lead} live={live} />;
}

function TileSpark({ stream, history, id, live }: PartProps & { readonly history: Signal<History> }) {
  const past = history.value.get(id);
  if (!past || past.glucose.length === 0) return null;
  const { theme, size } = settings.value;
  const serverNow = serverTime(stream.heard.peek(), performance.now());
  return <Spark past={past} serverNow={serverNow} live={live} style={`${theme} ${size}`} />;
}

/** What a thumb reaches, on a phone: the parts of the one column. */
function Tabs({ view }: { readonly view: WardView }) {
  const { alerts, technical, changed } = view.rail.value;
  const { live } = view.head.value;
  const number = (n: number) => (live ? String(n) : '?');
  const parts = [
    ['physiological-heading', number(alerts.length + technical.length), t('screen.alerts')],
    ['patients', number(view.order.value.length), t('screen.patients')],
    ['changed', number(changed.length), t('screen.changed')],
  ] as const;
  const to = (id: string) => {
    const part = document.getElementById(id);
    part?.scrollIntoView({ block: 'start' });
    (part?.matches('h2') ? part : part?.querySelector<HTMLElement>('h2'))?.focus({ preventScroll: true });
  };
  return (
    <nav class="tabs" aria-label={t('screen.main')}>
      {parts.map(([id, count, words]) => (
        <button key={id} type="button" onClick={() => to(id)}>
          <b>{count}</b>
          {words}
        </button>
      ))}
      <button type="button" onClick={() => to('station')}>
        <GlyphIcon name="no-sound" />
        {t('screen.station')}
      </button>
    </nav>
  );
}

interface KeyProps {
  readonly stream: Stream;
  readonly view: WardView;
  readonly held: Signal<Held | null>;
  readonly panel: Signal<Panel>;
  readonly openPatient?: (id: string) => void;
}

function useWallKeys({ view, held, panel, openPatient }: KeyProps): void {
  useEffect(
    () =>
      followKeys(
        {
          acknowledge(alert, patient) {
            const { alerts, technical } = view.rail.value;
            const rows = [...alerts, ...technical].filter(({ canAcknowledge }) => canAcknowledge);
            const row = rows.find((one) =>
              alert === null
                ? patient !== null && one.members.some((member) => member.patient?.id === patient)
                : one.alert.id === alert,
            );
            if (!row || !view.head.value.live) return;
            const others = row.members.filter(({ id, state }) => id !== row.alert.id && state !== 'acknowledged');
            held.value = holdOf(row.alert, others.length);
          },
          open: (patient) => openPatient?.(patient),
          worst() {
            document.querySelector<HTMLElement>('.row')?.focus();
          },
          bed(typed) {
            const found = view.order.value.find((id) => view.look(id).value?.bed === typed);
            if (found !== undefined) showTile(found);
            return found !== undefined;
          },
          size(step) {
            const at = sizes.indexOf(settings.value.size) + step;
            const size = sizes[Math.max(0, at)];
            if (size !== undefined) void choose({ size });
          },
          help: () => (panel.value = 'keys'),
          wall: () => document.querySelector<HTMLElement>('article.tile[tabindex="0"]')?.focus(),
          close() {
            panel.value = null;
            held.value = null;
          },
        },
        () => settings.value.keys,
      ),
    [view, openPatient],
  );
}
