import { quoted } from './bytes.ts';
import { unitOf } from './csv-names.ts';
import { numberOf } from './csv-time.ts';
import type { Measured } from './recording.ts';

const notANumber = /^[+-]?(?:nan|inf|infinity)$/i;
const nothing = /^(?:|na|n\/a|null|none|nil|[-?.*]+)$/i;
const beyond = /^(?:(lo|low|niedrig)|(hi|high|hoch))$/i;
const bounded = /^([<>])=?\s*(.+)$/;

/** Numbers that many devices write where there is none; taken so only where no body could give them. */
export const sentinels: readonly number[] = [
  -1, -9, -99, -999, -9_999, 9_999, 32_767, -32_768, 65_535, 99_999, 8_388_607,
];

export interface CellForm {
  readonly decimal: '.' | ',';
  readonly unit: string;
  /** True for a number that stands for nothing measured. */
  readonly isSentinel: (value: number) => boolean;
}

/** What a cell says: a number, a bound, an absence, or a fault. An absence is never a number. */
export function measuredOf(
  cell: string,
  { decimal, unit, isSentinel }: CellForm,
): Measured | { readonly fault: string } {
  if (notANumber.test(cell)) return { absent: 'not-a-number' };
  if (nothing.test(cell)) return { absent: 'unavailable' };
  const [, low, high] = beyond.exec(cell) ?? [];
  if (low !== undefined || high !== undefined) return { bound: low === undefined ? 'above' : 'below' };
  const [, sign, limit = cell] = bounded.exec(cell) ?? [];
  const [, digits = limit, written] = /^([+-]?[\d.,]+(?:[eE][+-]?\d+)?)\s*([^\d.,].*)$/.exec(limit) ?? [];
  const value = numberOf(digits, decimal);
  if (value === undefined)
    return { fault: `${quoted(cell)}, expected a number with a decimal ${decimal === ',' ? 'comma' : 'point'}` };
  if (written !== undefined && unitOf(written) !== unit) return { fault: `${quoted(cell)}, expected the unit ${unit}` };
  if (isSentinel(value)) return { absent: 'not-a-number' };
  return sign === undefined ? { value } : { value, bound: sign === '<' ? 'below' : 'above' };
}
