// The open alerts as a list. Nothing is hidden or cleared here; rows of one technical cause stand as one.
import type { Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { AckSheet } from './ack-sheet.tsx';
import { GlyphIcon } from './glyphs.tsx';
import { type Held, holdOf } from './held.ts';
import { say } from './live-region.ts';
import type { RowLook } from './rail-look.ts';
import { Rich } from './rich.tsx';
import { asOf } from './view-state.ts';
import type { WardView } from './ward-view.ts';
import type { AlertView } from './wire.ts';
import { t } from './words.ts';

export interface RailProps {
  readonly view: WardView;
  readonly user: string;
  readonly held: Signal<Held | null>;
  /** The alert as it is now; null: it has ended. */
  readonly current: (id: string) => AlertView | null;
  /** Between the alerts and what follows: the patients, on a phone. */
  readonly between?: ComponentChildren;
  readonly foot: ComponentChildren;
}

/** Open alerts, worst first: those about patients, and apart from them those about our ability to watch. */
export function Rail({ view, between, foot, ...props }: RailProps) {
  const { alerts, technical, later, changed, acknowledged } = view.rail.value;
  const { live, lostSince } = view.head.value;
  const list = useRef<HTMLElement>(null);
  const below = useBelow(list, [...alerts, ...technical, ...later].map(({ key }) => key).join());
  useKeptFocus(list);
  const state = live ? '' : asOf(lostSince);
  const taken = acknowledged > 0 && live ? t('screen.acknowledgedCount', { count: acknowledged }) : state;
  const shared = { view, live, ...props };
  return (
    <aside class="rail" aria-label={t('screen.alerts')}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be scrolled by the keyboard too */}
      <section class="list" ref={list} tabIndex={0} aria-label={t('screen.alerts')}>
        <Section
          {...shared}
          kind="physiological"
          title={live || alerts.length > 0 ? t('screen.alertCount', { count: alerts.length }) : t('alert.notKnown')}
          aside={taken}
          rows={alerts}
        />
        {between}
        <Section
          {...shared}
          kind="technical"
          title={
            live || technical.length > 0 ? t('screen.notWatched', { count: technical.length }) : t('alert.notKnown')
          }
          aside={state || (technical.length > 0 ? t('screen.technical') : '')}
          rows={technical}
        />
        {later.length > 0 ? (
          <Section {...shared} kind="later" title={t('alert.foundLater')} aside={state} rows={later} />
        ) : null}
        {changed.length > 0 || live ? (
          <section class="changed" id="changed">
            <h2 tabIndex={-1}>{t('screen.changedCount', { count: changed.length })}</h2>
            {changed.length === 0 ? null : (
              <dl>
                {changed.map(({ key, bed, what, how }) => (
                  <div key={key}>
                    <dt>{bed}</dt>
                    <dd>
                      <Rich text={what} />
                    </dd>
                    <dd class="how">{how}</dd>
                  </div>
                ))}
              </dl>
            )}
          </section>
        ) : null}
      </section>
      {below > 0 ? <p class="below">{t('screen.below', { count: below })}</p> : null}
      {foot}
    </aside>
  );
}

type Kind = 'physiological' | 'technical' | 'later';

interface SectionProps extends Omit<RailProps, 'between' | 'foot'> {
  readonly kind: Kind;
  readonly title: string;
  readonly aside: string;
  readonly rows: readonly RowLook[];
  readonly live: boolean;
}

function kindOf({ kind, state }: AlertView): Kind {
  return state === 'retrospective' ? 'later' : kind;
}

function Section({ kind, title, aside, rows, held, live, user, current }: SectionProps) {
  const one = held.value;
  const ul = useRef<HTMLUListElement>(null);
  const close = () => {
    const id = one?.id;
    held.value = null;
    // Back to where the press was: the row's button, the row, or what stands at its place.
    requestAnimationFrame(() => {
      const row = ul.current?.querySelector<HTMLElement>(`[data-alert="${id}"]`);
      (row?.querySelector<HTMLElement>('button') ?? row ?? heading(ul.current))?.focus();
    });
  };
  const sheet =
    one !== null && kindOf(one.alert) === kind ? (
      <li key="sheet" class="sheet-place">
        <AckSheet held={one} now={current(one.id)} live={live} user={user} close={close} />
      </li>
    ) : null;
  const at = one === null ? -1 : rows.findIndex(({ members }) => members.some(({ id }) => id === one.id));
  return (
    <section data-kind={kind}>
      <h2 tabIndex={-1} id={`${kind}-heading`}>
        <b>{title}</b> <span>{aside}</span>
      </h2>
      <ul ref={ul} aria-labelledby={`${kind}-heading`}>
        {at === -1 ? sheet : null}
        {rows.flatMap((row, i) => [
          <Row key={row.key} row={row} live={live} hold={(alert, others) => (held.value = holdOf(alert, others))} />,
          i === at ? sheet : null,
        ])}
      </ul>
    </section>
  );
}

function heading(ul: HTMLElement | null): HTMLElement | null {
  return ul?.closest('section')?.querySelector<HTMLElement>('h2') ?? null;
}

interface RowProps {
  readonly row: RowLook;
  readonly live: boolean;
  readonly hold: (alert: AlertView, others: number) => void;
}

function Row({ row, live, hold }: RowProps) {
  const { alert, band, bed, title, number, lines, canAcknowledge, members } = row;
  const others = members.filter(({ id, state }) => id !== alert.id && state !== 'acknowledged').length;
  const name = alert.patient?.name ?? '';
  const object = bed === '' ? 'act.acknowledge.objectNone' : 'act.acknowledge.object';
  return (
    <li
      class="row"
      tabIndex={-1}
      data-alert={alert.id}
      data-state={alert.state}
      data-look={band.look}
      data-priority={alert.signalPriority}
    >
      <span class="sign" data-look={band.look} data-priority={band.priority ?? undefined}>
        {band.glyph ? <GlyphIcon name={band.glyph} flash={band.flash} /> : null}
      </span>
      <div class="body">
        <h3>
          {bed === '' ? null : <span class="bed">{bed}</span>}
          <span class="title">
            <span class="unseen">{band.spoken.split(',')[0]}, </span>
            <Rich text={title} />
            {number === '' ? null : <span class="number"> {number}</span>}
          </span>
          {band.look === 'acknowledged' || band.time === '' ? null : <span class="time">{band.time}</span>}
        </h3>
        {lines.map((line) => (
          <p key={line}>
            <Rich text={line} />
          </p>
        ))}
        {canAcknowledge ? (
          <button
            type="button"
            aria-label={live ? t(object, { what: title, bed, name }) : t('act.acknowledge.notLive')}
            aria-disabled={live ? undefined : 'true'}
            onClick={() => live && hold(alert, others)}
          >
            {t('act.acknowledge')}
          </button>
        ) : null}
      </div>
    </li>
  );
}

/** How many rows lie below what is in sight; looked at when rows come and go, or the list or its size moves. */
function useBelow(list: { readonly current: HTMLElement | null }, rows: string): number {
  const [below, setBelow] = useState(0);
  useEffect(() => {
    const { current } = list;
    if (!current) return;
    const count = () => {
      const isCut = current.scrollHeight > current.clientHeight + 1;
      const edge = current.getBoundingClientRect().bottom - 20;
      const all = isCut ? [...current.querySelectorAll('.row, .changed dl > div')] : [];
      setBelow(all.filter((row) => row.getBoundingClientRect().top > edge).length);
    };
    const sizes = new ResizeObserver(count);
    sizes.observe(current);
    for (const child of current.children) sizes.observe(child);
    current.addEventListener('scroll', count, { passive: true });
    return () => {
      sizes.disconnect();
      current.removeEventListener('scroll', count);
    };
  }, [rows]);
  return below;
}

/** A row that goes takes the focus with it: a keyboard must not have to begin again at the top of the page. */
function useKeptFocus(list: { readonly current: HTMLElement | null }): void {
  const focused = useRef<{ readonly element: Element; readonly section: Element | null } | null>(null);
  useEffect(() => {
    const { current } = list;
    const keep = ({ target }: FocusEvent) => {
      const element = target as Element;
      focused.current = { element, section: element.closest('section[data-kind]') };
    };
    const leave = ({ relatedTarget }: FocusEvent) => {
      if (relatedTarget !== null) focused.current = null;
    };
    current?.addEventListener('focusin', keep);
    current?.addEventListener('focusout', leave);
    return () => {
      current?.removeEventListener('focusin', keep);
      current?.removeEventListener('focusout', leave);
    };
  }, []);
  useEffect(() => {
    const was = focused.current;
    if (was === null || was.element.isConnected || document.activeElement !== document.body) return;
    focused.current = null;
    const place = was.section?.isConnected ? was.section : list.current;
    const target = place?.querySelector<HTMLElement>('h2');
    target?.focus();
    if (target) say('polite', t('say.rowGone', { where: target.textContent ?? '' }));
  });
}
