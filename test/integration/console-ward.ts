// A ward in which each patient is in another state of the table (console.md 2): bed by bed, with what the screen has to show.
import { alert, live, never, reed, stale, technical, tile } from '../unit/console/views.ts';

export interface Stated {
  readonly bed: string;
  readonly state: string;
  readonly tile: object;
  readonly alerts: readonly object[];
  /** Look of the band, its sign, and words of it. */
  readonly band: string;
  readonly glyph: string | null;
  readonly words: RegExp;
  /** Of the band's sign, Hz; null: it stands still. */
  readonly hz: 2 | 0.6 | null;
  readonly frame: string;
  readonly spoken: RegExp;
}

const ago = (ms: number) => new Date(Date.now() - ms).toISOString();

/** Values that are fresh, as long as a test may take. */
const fresh = { ageMs: 1_000, freshForMs: 600_000 };
const values = () => [
  live({ vital: 'hr', unit: '/min', value: 72, ...fresh }),
  live({ value: 84, ...fresh }),
  live({ vital: 'glucose', unit: 'mg/dL', value: 112, ...fresh }),
];

const gone = (last: object = { value: 84, takenAt: ago(60_000) }) => stale({ last });

type Plain = Omit<Stated, 'bed' | 'tile' | 'alerts'> & {
  readonly tile?: object;
  readonly alerts?: readonly object[];
};

const rows: readonly Plain[] = [
  {
    state: 'monitored',
    band: 'none',
    glyph: null,
    words: /No alert/,
    hz: null,
    frame: 'none',
    spoken: /No alert, monitored/,
  },
  {
    ...{ state: 'active high', alerts: [alert()], band: 'high', glyph: 'high', hz: 2, frame: 'high' },
    ...{ words: /SpO\s*2\s*84 ≤\s88/, spoken: /high alert, SpO2 84 %, at or below 88/ },
  },
  {
    ...{ state: 'active medium', alerts: [alert({ signalPriority: 'medium', priority: 'medium' })], band: 'medium' },
    ...{ glyph: 'medium', hz: 0.6, frame: 'medium', words: /SpO/, spoken: /medium alert/ },
  },
  {
    ...{ state: 'active low', alerts: [alert({ signalPriority: 'low', priority: 'low' })], band: 'low', glyph: 'low' },
    ...{ hz: null, frame: 'none', words: /SpO/, spoken: /low alert/ },
  },
  {
    ...{
      state: 'acknowledged',
      alerts: [alert({ state: 'acknowledged', acknowledged: { ...reed, until: ago(-600_000) } })],
    },
    ...{
      band: 'acknowledged',
      glyph: 'check',
      hz: null,
      frame: 'acknowledged',
      words: /K\. Reed/,
      spoken: /acknowledged/,
    },
  },
  {
    ...{ state: 'latched', alerts: [alert({ state: 'latched' })], band: 'high', glyph: 'high', hz: 2, frame: 'high' },
    ...{ words: /was 84, now 84/, spoken: /high alert, SpO2 was 84/ },
  },
  {
    ...{
      state: 'paused',
      alerts: [alert({ state: 'paused' })],
      band: 'paused',
      glyph: 'pause',
      hz: null,
      frame: 'none',
    },
    ...{ words: /SpO\s*2\s*low paused/, spoken: /paused/ },
  },
  {
    ...{
      state: 'data lost',
      alerts: [alert({ flags: ['data-lost'] })],
      band: 'high',
      glyph: 'high',
      hz: 2,
      frame: 'high',
    },
    ...{
      tile: { measurements: [values()[0], gone(), values()[2]] },
      words: /data lost/,
      spoken: /high alert.*data lost/,
    },
  },
  {
    ...{ state: 'needs review', alerts: [alert({ state: 'needs-review', peak: 'medium' })], band: 'review' },
    ...{ glyph: 'question', hz: null, frame: 'none', words: /Limit changed: review/, spoken: /Limit changed: review/ },
  },
  {
    ...{ state: 'found later', alerts: [alert({ state: 'retrospective' })], band: 'none', glyph: null, hz: null },
    ...{ frame: 'none', words: /No alert/, spoken: /No alert/ },
  },
  {
    ...{
      state: 'signal lost',
      alerts: [technical({ signalPriority: 'low' })],
      band: 'technical',
      glyph: 'ring',
      hz: null,
    },
    ...{
      tile: { measurements: [values()[0], gone(), values()[2]], monitoring: { state: 'degraded', cause: 'stale' } },
    },
    ...{ frame: 'none', words: /SpO\s*2\s*no reading/, spoken: /technical alert, low.*no reading/ },
  },
  {
    ...{ state: 'degraded', band: 'none', glyph: null, words: /No alert/, hz: null, frame: 'none', spoken: /late/ },
    tile: {
      measurements: [live({ vital: 'hr', unit: '/min', value: 72, state: 'degraded', ...fresh }), ...values().slice(1)],
      monitoring: { state: 'degraded', cause: 'late' },
    },
  },
  {
    ...{ state: 'not monitored', frame: 'not-monitored', spoken: /not monitored, kit lost/, band: 'technical' },
    ...{
      alerts: [technical({ signalPriority: 'medium', scope: 'patient', cause: { code: 'gateway-lost', id: 'g' } })],
    },
    ...{ glyph: 'cross', hz: 0.6, words: /kit lost/ },
    tile: {
      measurements: [gone()],
      monitoring: { state: 'not-monitored', cause: 'gateway-lost', since: ago(192_000) },
    },
  },
  {
    ...{ state: 'waiting', frame: 'not-monitored', spoken: /waiting for first reading/, band: 'none', glyph: null },
    ...{ hz: null, words: /waiting for first reading/ },
    tile: { measurements: [never()], monitoring: { state: 'not-monitored', cause: null, since: ago(20_000) } },
  },
  {
    ...{ state: 'altered limit', tile: { alteredLimits: ['spo2-low'] }, band: 'none', glyph: null, hz: null },
    ...{ frame: 'none', words: /No alert/, spoken: /SpO2 altered/ },
  },
  {
    ...{ state: 'two alerts', band: 'high', glyph: 'high', hz: 2, frame: 'high', words: /\+1/, spoken: /and 1 more/ },
    alerts: [alert(), alert({ id: 'm', signalPriority: 'medium', priority: 'medium', family: 'rate-high' })],
  },
];

/** Each state, its patient and its bed. */
export const stated: readonly Stated[] = rows.map(({ tile: changes = {}, alerts = [], ...row }, i) => {
  const bed = String(i + 1);
  const patient = {
    id: `p-${bed}`,
    mrn: `M-${1000 + i}`,
    name: `NAME${bed}, A`,
    birthDate: '1950-02-11',
    bed: `Bed ${bed}`,
  };
  return {
    ...row,
    bed,
    tile: tile({ measurements: values(), ...changes, patient }),
    alerts: alerts.map((one, n) => ({ ...one, id: `a-${bed}-${n}`, patient, onsetAt: ago(42_000 + n * 1_000) })),
  };
});

/** The ward as a snapshot holds it. */
export function wardOf(some: readonly Stated[] = stated): object {
  return { tiles: some.map((one) => one.tile), alerts: some.flatMap((one) => one.alerts) };
}

/** Patients of whom all is well. */
export function calmWard(count: number): object {
  const tiles = Array.from({ length: count }, (_, i) => {
    const bed = String(i + 1);
    const patient = {
      id: `p-${bed}`,
      mrn: `M-${1000 + i}`,
      name: `NAME${bed}, A`,
      birthDate: '1950-02-11',
      bed: `Bed ${bed}`,
    };
    return tile({ measurements: values(), patient });
  });
  return { tiles, alerts: [] };
}
