// One value as `cell-look.ts` gives it: the same on a tile and on a patient's screen, so that what is not current is a big
// number on neither. Decides nothing.
import type { ComponentChildren } from 'preact';
import { Arrow } from './glyphs.tsx';
import type { CellView } from './look.ts';
import { Rich } from './rich.tsx';
import { t } from './words.ts';

interface CellProps {
  readonly cell: CellView;
  /** Beside `cell`. */
  readonly kind?: string;
  /** What stands under the number. */
  readonly children: ComponentChildren;
}

export function Cell({ cell, kind = '', children }: CellProps) {
  return (
    <div
      class={`cell ${kind}`.trim()}
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
        <Limit cell={cell} />
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
      {children}
    </div>
  );
}

/** A changed limit stays in sight, also where it was taken away. */
function Limit({ cell }: { readonly cell: CellView }) {
  if (cell.limit === '' && !cell.altered) return null;
  return (
    <span class={cell.altered ? 'limit altered' : 'limit'}>
      {cell.altered ? <span class="unseen">{t('screen.altered', { what: '' })} </span> : null}
      {cell.limit}
    </span>
  );
}
