// What the scenario's devices publish, as bytes.
import {
  type DeviceState,
  encodeWaveform,
  type Lead,
  MICROVOLT,
  type Reading,
  VITALS,
  type Vital,
} from '../../contract/index.ts';
import type { Measured } from './expand.ts';

const encoder = new TextEncoder();
const ecgRateHz = 250;

/** A reading, measured at a UTC that its sender knows rightly. */
export function readingOf({ signal, says, quality, seq }: Measured, takenAt: number): Uint8Array {
  const { unit } = VITALS[signal as Vital];
  const about = { v: 1, boot: 1, seq, vital: signal as Vital } as const;
  const after = { quality, takenAt, receivedAt: takenAt, clock: 'synced' } as const;
  const reading: Reading =
    'value' in says
      ? { ...about, value: says.value, unit: says.unit, ...after }
      : 'bound' in says
        ? says.limit === undefined
          ? { ...about, bound: says.bound, unit, ...after }
          : { ...about, value: says.limit, bound: says.bound, unit, ...after }
        : { ...about, absent: 'absent' in says ? says.absent : 'invalid', unit, ...after, quality: 'bad' };
  return encoder.encode(JSON.stringify(reading));
}

/** A second of a lead; without contact if the probe is off. */
export function blockOf({ signal, says, seq }: Measured, takenAt: number): Uint8Array {
  return encodeWaveform({
    lead: signal as Lead,
    boot: 1,
    seq,
    discontinuous: false,
    saturated: false,
    pacing: false,
    rateMhz: ecgRateHz * 1_000,
    index: (seq - 1) * ecgRateHz,
    takenAtUs: takenAt * 1_000,
    receivedAt: takenAt,
    scale: 5,
    unit: MICROVOLT,
    clock: 'synced',
    contact: 'samples' in says ? 'contact' : 'none',
    samples: Int16Array.from({ length: ecgRateHz }, (_, i) => Math.round(40 * Math.sin(i / 8))),
  });
}

/** What a device says of itself when its probe goes on or off. */
export function stateOf(seq: number, contact: boolean, at: number): Uint8Array {
  const state: DeviceState = {
    v: 1,
    boot: 1,
    seq,
    at,
    link: 'up',
    why: null,
    contact: contact ? 'yes' : 'no',
    faults: contact ? [] : ['sensor-unconnected-to-user'],
  };
  return encoder.encode(JSON.stringify(state));
}
