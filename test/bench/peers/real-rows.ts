// Rows for the store bench: recordings of people where they are (`VIGIL_DATA`, default ../shared/data), else seeded ones. All
// begin at one instant and come in order of time, as a ward's readings do.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { type NumericRow, VITALS, type Vital } from '../../../contract/index.ts';
import { numericRow, start } from '../../contracts/time-series-store-rows.ts';

export interface BenchRows {
  readonly rows: readonly NumericRow[];
  /** Rows that were recorded once and stand here once. */
  readonly recorded: number;
  readonly source: 'recordings' | 'seeded';
  readonly patients: readonly string[];
  /** The patient with the most days, and what is measured of them. */
  readonly longest: { readonly patient: string; readonly vital: Vital };
}

/** Of one vital of one person: offset in milliseconds and value, by time. */
interface Recording {
  readonly vital: Vital;
  readonly points: readonly (readonly [number, number])[];
}

/** Readings of each of the many patients: what is left when each recording has had a patient of its own. */
const stretch = 48;

export function benchRows(count: number): BenchRows {
  const recorded = recordings();
  const all = recorded.length > 0 ? recorded : seeded();
  const streams = all.map((recording, i) => ({ ...recording, patient: `p-${i}` }));
  let total = streams.reduce((sum, { points }) => sum + points.length, 0);
  const own = total;
  for (let n = 0; total < count; n++) {
    const { vital, points } = all[n % all.length] as Recording;
    const from = (Math.floor(n / all.length) * stretch) % Math.max(1, points.length - stretch);
    const [first = [0, 0]] = points.slice(from);
    const cut = points.slice(from, from + stretch).map(([at, value]) => [at - first[0], value] as const);
    streams.push({ vital, points: cut, patient: `p-${all.length + n}` });
    total += cut.length;
  }
  const rows = streams.flatMap(({ vital, points, patient }) =>
    points.map(([offset, value], i) => {
      const hash = createHash('sha256').update(`${patient}/${i}`).digest().readBigInt64BE(0);
      const facts = { patient, device: `d-${patient}`, vital: VITALS[vital].code, value, hash };
      return numericRow({ ...facts, seq: i + 1, takenAt: start + offset });
    }),
  );
  rows.sort((a, b) => a.effectiveAt - b.effectiveAt);
  const longest = streams.toSorted((a, b) => (b.points.at(-1)?.[0] ?? 0) - (a.points.at(-1)?.[0] ?? 0))[0];
  return {
    rows: rows.slice(0, count).map((row, i) => ({ ...row, position: i })),
    recorded: own,
    source: recorded.length > 0 ? 'recordings' : 'seeded',
    patients: streams.map(({ patient }) => patient),
    longest: { patient: longest?.patient ?? '', vital: longest?.vital ?? 'spo2' },
  };
}

function recordings(): Recording[] {
  const folder = process.env['VIGIL_DATA'] ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url));
  const under = (...names: readonly string[]) => {
    const path = join(folder, ...names);
    return existsSync(path) ? readdirSync(path).map((name) => join(path, name)) : [];
  };
  const glucose = ['AZT1D', 'BIGIDEAs', 'PhysioCGM'].flatMap((name) => under('glucose', name));
  const spo2 = under('spo2', 'bidmc').filter((path) => path.endsWith('Numerics.csv'));
  return [
    ...glucose.filter((path) => path.endsWith('.csv.gz')).map(glucoseOf),
    ...spo2.flatMap((path) => [numericsOf(path, 'spo2', 4), numericsOf(path, 'pulse', 2)]),
  ].filter(({ points }) => points.length > stretch);
}

function glucoseOf(path: string): Recording {
  const lines = gunzipSync(readFileSync(path)).toString().split('\n').slice(1);
  const read = lines.map((line) => line.split(',')).map(([at = '', value]) => [Date.parse(`${at}Z`), Number(value)]);
  return recordingOf('glucose', read as [number, number][]);
}

function numericsOf(path: string, vital: Vital, column: number): Recording {
  const lines = readFileSync(path, 'utf8').split('\n').slice(1);
  const read = lines.map((line) => line.split(',')).map((cells) => [Number(cells[0]) * 1_000, Number(cells[column])]);
  return recordingOf(vital, read as [number, number][]);
}

function recordingOf(vital: Vital, read: readonly (readonly [number, number])[]): Recording {
  const points = read.filter(([at, value]) => Number.isFinite(at) && value > 0).sort((a, b) => a[0] - b[0]);
  const first = points[0]?.[0] ?? 0;
  return { vital, points: points.map(([at, value]) => [at - first, value] as const) };
}

/** Fifty people with two months of glucose each, one reading in five minutes. */
function seeded(): Recording[] {
  let state = 1;
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  return Array.from({ length: 50 }, () => {
    let value = 120;
    const points = Array.from({ length: 10_000 }, (_, i) => {
      value = Math.min(390, Math.max(45, value + (random() - 0.5) * 8 + (120 - value) * 0.01));
      return [i * 300_000, Math.round(value)] as const;
    });
    return { vital: 'glucose', points };
  });
}
