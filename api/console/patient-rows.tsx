// Patients as rows, on a phone: what is open first, then by bed.

import { GlyphIcon } from './glyphs.tsx';
import type { CellView, TileLook } from './look.ts';
import { Rich } from './rich.tsx';
import type { WardView } from './ward-view.ts';
import { t } from './words.ts';

const columns = [['hr', 'pulse'], ['spo2'], ['glucose']] as const;

interface RowsProps {
  readonly view: WardView;
  readonly open?: (id: string) => void;
}

export function PatientRows({ view, open }: RowsProps) {
  const looks = view.order.value.flatMap((id) => view.look(id).value ?? []);
  const isOpen = (look: TileLook) => look.plate !== null || look.band.look !== 'none';
  const sorted = [...looks.filter(isOpen), ...looks.filter((look) => !isOpen(look))];
  return (
    <section class="patients" id="patients">
      <h2 tabIndex={-1}>{t('screen.patientCount', { count: looks.length })}</h2>
      {looks.length === 0 ? (
        <p class="none">{t(view.head.value.live ? 'screen.emptyUnit' : 'alert.notKnown')}</p>
      ) : null}
      <ul>
        {sorted.map((look) => (
          <PatientRow key={look.id} look={look} {...(open && { open })} />
        ))}
      </ul>
    </section>
  );
}

function PatientRow({ look, open }: { readonly look: TileLook; readonly open?: (id: string) => void }) {
  const { id, bed, name, mrn, band, state, plate } = look;
  const glyph = plate ? 'cross' : (band.glyph ?? state.glyph);
  const words = plate
    ? `${plate.cause}, ${plate.time}`
    : [band.look === 'none' ? state.text : `${band.what} ${band.number}`, band.time]
        .filter((one) => one !== '')
        .join(', ');
  return (
    <li class="person" data-patient={id} data-frame={look.frame}>
      <span class="bed">{bed}</span>
      {open ? (
        <a
          class="who"
          href={`/p/${id}`}
          onClick={(event) => {
            event.preventDefault();
            open(id);
          }}
        >
          {name} <small>{mrn}</small>
        </a>
      ) : (
        <span class="who">
          {name} <small>{mrn}</small>
        </span>
      )}
      <span class="state">
        <GlyphIcon name={glyph} />
        <Rich text={words} />
      </span>
      {plate ? (
        <strong class="not-monitored">{t('state.notMonitored')}</strong>
      ) : (
        <span class="values">
          {columns.map((vitals) => (
            <Value key={vitals[0]} cell={look.cells.find(({ signal }) => vitals.some((vital) => vital === signal))} />
          ))}
        </span>
      )}
    </li>
  );
}

function Value({ cell }: { readonly cell: CellView | undefined }) {
  if (!cell) return <span class="small-cell" />;
  return (
    <span
      class="small-cell"
      data-signal={cell.signal}
      data-current={cell.current ? 'yes' : 'no'}
      data-fill={cell.fill}
      data-outline={cell.outline === 'none' ? undefined : cell.outline}
    >
      <small>
        <Rich text={cell.short} />
      </small>
      <b>{cell.value}</b>
    </span>
  );
}
