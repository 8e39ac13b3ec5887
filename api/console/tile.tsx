// One patient as drawn from `viewTile`: decides nothing, so that what is tested is what is shown.
import type { Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { Cell } from './cell.tsx';
import { GlyphIcon } from './glyphs.tsx';
import type { BandView, CellView, TileLook } from './look.ts';
import { Rich } from './rich.tsx';
import { t } from './words.ts';

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

/** Longer than "Glucose 112 < 70", and the words are set smaller before any is cut. */
const longFrom = 16;

function lengthOf({ what, number, marks, more }: BandView): number {
  const small = marks.reduce((sum, { text }) => sum + text.length * 0.7, 0);
  return what.length + number.length + small + (more > 0 ? 2 : 0);
}

/** One alert in one line. */
export function Band({ band }: { readonly band: BandView }) {
  return (
    <div
      class="band"
      data-look={band.look}
      data-priority={band.priority ?? undefined}
      data-long={lengthOf(band) > longFrom ? 'yes' : undefined}
    >
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
            <TileCell cell={cell} />
            {cell.signal === 'glucose' ? spark : null}
          </div>
        ) : (
          <TileCell key={cell.signal} cell={cell} />
        ),
      )}
    </div>
  );
}

function TileCell({ cell }: { readonly cell: CellView }) {
  return (
    <Cell cell={cell}>
      {cell.trend ? <span class="unseen">{cell.trend.word}</span> : null}
      <div class={cell.noteShown ? 'note' : 'note unseen'}>{cell.note}</div>
    </Cell>
  );
}
