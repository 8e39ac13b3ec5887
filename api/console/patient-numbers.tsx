// The numbers of now, large: what `cell-look.ts` gives, with age and reason always in sight.
import { Cell } from './cell.tsx';
import type { CellView } from './look.ts';
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
    <Cell cell={cell} kind="now">
      <div class="foot">
        <span class="note">{cell.note}</span>
        {cell.trend ? <span class="trend-word">{cell.trend.word}</span> : null}
      </div>
    </Cell>
  );
}
