// One patient as drawn from `viewTile`: decides nothing, so that what is tested is what is shown.
import type { Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { Arrow, GlyphIcon } from './glyphs.tsx';
import type { BandView, CellView, TileLook } from './look.ts';
import { t } from './words.ts';

/** Clinical text: the 2 of SpO2 stands low, as people write it. */
export function Rich({ text }: { readonly text: string }) {
  const parts = text.split('SpO2');
  return <>{parts.flatMap((part, i) => (i === 0 ? [part] : [<Spo2 key={i} />, part]))}</>;
}

function Spo2() {
  return (
    <>
      SpO<sub>2</sub>
    </>
  );
}

export interface TileProps {
  readonly look: Signal<TileLook | null>;
  /** One tile of a wall is reached by Tab, the others by arrows. */
  readonly tabIndex: 0 | -1;
  /** Opens the patient; undefined: there is nothing to open. */
  readonly open?: (id: string) => void;
  /** What stands between band and numbers, and beside the glucose. */
  readonly strip?: ComponentChildren;
  readonly spark?: ComponentChildren;
}

export function TileCard({ look: signal, tabIndex, open, strip, spark }: TileProps) {
  const look = signal.value;
  if (look === null) return null;
  return (
    <article class="tile" data-frame={look.frame} data-patient={look.id} aria-label={look.spoken} tabIndex={tabIndex}>
      {look.plate ? (
        <>
          <i class="hazard" />
          <div class="plate">
            <Identity look={look} {...(open && { open })} />
            {look.band.look === 'none' ? null : <Band band={look.band} />}
            <Plate look={look} />
          </div>
        </>
      ) : (
        <>
          <Identity look={look} {...(open && { open })} />
          <Band band={look.band} />
          {strip ?? <div class="room" />}
          <Numbers cells={look.cells} spark={spark} />
          {look.unwatched ? <p class="line">{look.unwatched}</p> : null}
          {look.was ? (
            <p class="line">
              <Rich text={look.was} />
            </p>
          ) : null}
        </>
      )}
    </article>
  );
}

function Plate({ look }: { readonly look: TileLook }) {
  const { cause, time, since, last } = look.plate ?? { cause: '', time: '', since: '', last: '' };
  return (
    <div class="word">
      <strong>{t('state.notMonitored')}</strong>
      <p class="cause">
        {cause} <span class="time">{time}</span>
      </p>
      <p class="past">
        <Rich text={[since, last].filter((part) => part !== '').join(' · ')} />
      </p>
      {look.unwatched ? <p class="past">{look.unwatched}</p> : null}
    </div>
  );
}

function Identity({ look, open }: { readonly look: TileLook; readonly open?: (id: string) => void }) {
  const { state, plate } = look;
  return (
    <div class="identity">
      <h2>
        <span class="bed">{look.bed}</span>
        {open ? (
          <a
            class="who"
            href={`/p/${look.id}`}
            tabIndex={-1}
            onClick={(event) => {
              event.preventDefault();
              open(look.id);
            }}
          >
            {look.name}
          </a>
        ) : (
          <span class="who">{look.name}</span>
        )}
        <small>
          <span class="unseen">{t('screen.record')} </span>
          {look.mrn}
        </small>
      </h2>
      <span class="watched" data-state={state.glyph}>
        <GlyphIcon name={state.glyph} flash={state.flash} />
        <span class={plate ? 'unseen' : 'words'}>{state.text}</span>
      </span>
    </div>
  );
}

/** One alert in one line. */
export function Band({ band }: { readonly band: BandView }) {
  return (
    <div class="band" data-look={band.look} data-priority={band.priority ?? undefined}>
      {band.glyph ? (
        <span class="sign">
          <GlyphIcon name={band.glyph} flash={band.flash} />
        </span>
      ) : null}
      <span class="text">
        <span class="what">
          <Rich text={band.what} />
        </span>
        {band.number === '' ? null : <span class="number">{band.number}</span>}
        {band.marks.map(({ glyph, text }) => (
          <span key={text} class="mark">
            {glyph ? <GlyphIcon name={glyph} /> : null}
            {text}
          </span>
        ))}
        {band.more > 0 ? <span class="more">+{band.more}</span> : null}
      </span>
      {band.time === '' ? null : <span class="time">{band.time}</span>}
    </div>
  );
}

function Numbers({ cells, spark }: { readonly cells: readonly CellView[]; readonly spark: ComponentChildren }) {
  // An odd last one has a line of its own, and room for its trend.
  const isOdd = cells.length % 2 === 1;
  const rows = Math.max(1, Math.ceil(cells.length / 2));
  return (
    <div
      class="numbers"
      data-rows={rows}
      style={{ '--rows': String(rows), '--cells': String(Math.max(1, cells.length)) }}
    >
      {cells.map((cell, i) =>
        isOdd && i === cells.length - 1 ? (
          <div key={cell.signal} class="wide">
            <Cell cell={cell} />
            {cell.signal === 'glucose' ? spark : null}
          </div>
        ) : (
          <Cell key={cell.signal} cell={cell} />
        ),
      )}
    </div>
  );
}

export function Cell({ cell }: { readonly cell: CellView }) {
  return (
    <div
      class="cell"
      data-signal={cell.signal}
      data-current={cell.current ? 'yes' : 'no'}
      data-degraded={cell.degraded ? 'yes' : undefined}
      data-fill={cell.fill}
      data-outline={cell.outline === 'none' ? undefined : cell.outline}
    >
      <div class="label">
        <b>
          <span class="long">
            <Rich text={cell.label} />
          </span>
          <span class="short">
            <Rich text={cell.short} />
          </span>
        </b>
        <span class="unit">{cell.unit}</span>
        {cell.limit === '' && !cell.altered ? null : (
          <span class={cell.altered ? 'limit altered' : 'limit'}>
            {cell.altered ? <span class="unseen">{t('screen.altered', { what: '' })} </span> : null}
            {cell.limit}
          </span>
        )}
      </div>
      <div class="value">
        {cell.current ? (
          <span>{cell.value}</span>
        ) : (
          <>
            <span aria-hidden="true">{cell.value}</span>
            <span class="unseen">{t('state.noValue')}</span>
          </>
        )}
        {cell.trend ? (
          <>
            <Arrow degrees={cell.trend.degrees} />
            <span class="unseen">{cell.trend.word}</span>
          </>
        ) : null}
      </div>
      <div class={cell.noteShown ? 'note' : 'note unseen'}>{cell.note}</div>
    </div>
  );
}
