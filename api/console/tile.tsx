// One patient as drawn from `viewTile`: decides nothing, so that what is tested is what is shown.
import { GlyphIcon } from './glyphs.tsx';
import { type BandView, type CellView, clockTime, duration, type TileLook } from './view-state.ts';

/** Milliseconds since an instant of the server, by the server's own time. */
export type SinceServer = (instant: string) => number;

export function TileCard({ look, since }: { readonly look: TileLook; readonly since: SinceServer }) {
  return (
    <article
      class={look.plate ? 'tile hazard' : 'tile'}
      data-frame={look.frame}
      data-patient={look.id}
      aria-label={look.spoken}
    >
      {look.plate ? (
        <div class="plate">
          <Identity look={look} short />
          {look.band.look === 'none' ? null : <Band band={look.band} since={since} />}
          <strong>NOT MONITORED</strong>
          <p>
            {look.plate.cause} {duration(since(look.plate.since))}
          </p>
          <p class="last">
            since {clockTime(look.plate.since)}
            {look.plate.last === '' ? '' : ` · ${look.plate.last}`}
            {look.unwatched ? ` · ${look.unwatched}` : ''}
          </p>
        </div>
      ) : (
        <>
          <Identity look={look} />
          <Band band={look.band} since={since} />
          <div class="numbers">
            {look.cells.map((cell) => (
              <Cell key={cell.signal} cell={cell} />
            ))}
          </div>
          {look.unwatched ? <p class="fact">{look.unwatched}</p> : null}
        </>
      )}
    </article>
  );
}

/** `short`: the word of its state stands large below. */
function Identity({ look, short = false }: { readonly look: TileLook; readonly short?: boolean }) {
  return (
    <div class="identity">
      <h2>
        <span class="bed">{look.bed}</span>{' '}
        <span class="who">
          {look.name} <small>{look.mrn}</small>
        </span>
      </h2>
      <span class="fact">
        <GlyphIcon name={look.state.glyph} />
        {short ? null : look.state.text}
      </span>
    </div>
  );
}

function Band({ band, since }: { readonly band: BandView; readonly since: SinceServer }) {
  return (
    <div class="band" data-look={band.look}>
      {band.glyph ? <GlyphIcon name={band.glyph} flash={band.flash} /> : null}
      <span>{band.text}</span>
      {band.since ? <span class="time">{duration(since(band.since))}</span> : null}
    </div>
  );
}

function Cell({ cell }: { readonly cell: CellView }) {
  return (
    <div class="cell" data-signal={cell.signal} data-current={cell.current ? 'yes' : 'no'} data-fill={cell.fill}>
      <b>{cell.label}</b> <span>{cell.unit}</span>
      <span class="value">{cell.value}</span>
      <span class="note">{cell.note}</span>
    </div>
  );
}
