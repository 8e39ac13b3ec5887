// The numbers of now, large: what `cell-look.ts` gives, with age and reason always in sight.
import { Arrow } from './glyphs.tsx';
import type { CellView } from './look.ts';
import { Rich } from './tile.tsx';
import { t } from './words.ts';

export function Numbers({ cells }: { readonly cells: readonly CellView[] }) {
  return (
    <section class="panel numbers-now" aria-label={t('patient.now')}>
      {cells.map((cell) => (
        <NumberNow key={cell.signal} cell={cell} />
      ))}
    </section>
  );
}

function NumberNow({ cell }: { readonly cell: CellView }) {
  return (
    <div
      class="cell now"
      data-signal={cell.signal}
      data-current={cell.current ? 'yes' : 'no'}
      data-degraded={cell.degraded ? 'yes' : undefined}
      data-fill={cell.fill}
      data-outline={cell.outline === 'none' ? undefined : cell.outline}
    >
      <div class="label">
        <b>
          <Rich text={cell.label} />
        </b>
        <span class="unit">{cell.unit}</span>
        {cell.limit === '' ? null : (
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
        {cell.trend ? <Arrow degrees={cell.trend.degrees} /> : null}
      </div>
      <div class="foot">
        <span class="note">{cell.note}</span>
        {cell.trend ? <span class="trend-word">{cell.trend.word}</span> : null}
      </div>
    </div>
  );
}
