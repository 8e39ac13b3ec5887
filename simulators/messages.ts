// What a kit publishes, as bytes. Keys in the order of the wire's fast path (`interfaces.md` 3.2). Written from the
// published forms alone; the contract's schemas check it in tests, they do not write it.
import { createHash } from 'node:crypto';
import {
  beatEveryMs,
  type DeviceState,
  encodeWaveform,
  type Heartbeat,
  MICROVOLT,
  type Reading,
  type Status,
} from '../contract/index.ts';
import { beatGraceMs, glucoseEveryMs } from './limits.ts';
import { ecgRateHz, ecgScaleMicrovolt } from './patients/ecg.ts';

const encoder = new TextEncoder();
const json = (value: unknown): Uint8Array => encoder.encode(JSON.stringify(value));

/** Who measured, and when, for one reading. */
export interface ReadingFacts {
  readonly boot: number;
  readonly seq: number;
  readonly takenAt: number;
  readonly receivedAt: number;
}

/** A sensor under the skin measures between these, mg/dL; beyond it says LOW or HIGH. */
const glucoseRange = [40, 400] as const;
/** Below this an oximeter's figure is not to be trusted (`interfaces.md` 2). */
const spo2Trusted = 50;

/** A continuous glucose monitor's reading. */
export function glucoseReading(
  milligramPerDecilitre: number,
  { boot, seq, takenAt, receivedAt }: ReadingFacts,
): Reading {
  const [low, high] = glucoseRange;
  const value = Math.min(high, Math.max(low, Math.round(milligramPerDecilitre)));
  const beyond = milligramPerDecilitre < low ? 'below' : milligramPerDecilitre > high ? 'above' : undefined;
  return {
    v: 1,
    boot,
    seq,
    vital: 'glucose',
    value,
    ...(beyond && { bound: beyond }),
    unit: 'mg/dL',
    quality: 'good',
    takenAt,
    receivedAt,
    clock: 'synced',
  };
}

/** A pulse oximeter's saturation. */
export function spo2Reading(saturation: number, { boot, seq, takenAt, receivedAt }: ReadingFacts): Reading {
  const value = Math.min(100, Math.max(1, Math.round(saturation)));
  const quality = value < spo2Trusted ? 'bad' : 'good';
  return { v: 1, boot, seq, vital: 'spo2', value, unit: '%', quality, takenAt, receivedAt, clock: 'synced' };
}

/** A pulse oximeter's pulse. */
export function pulseReading(perMinute: number, { boot, seq, takenAt, receivedAt }: ReadingFacts): Reading {
  const value = Math.min(350, Math.max(10, Math.round(perMinute)));
  return {
    v: 1,
    boot,
    seq,
    vital: 'pulse',
    value,
    unit: '/min',
    quality: 'good',
    takenAt,
    receivedAt,
    clock: 'synced',
  };
}

/** One object, or an array where several were measured at once. */
export function readingsPayload(readings: readonly Reading[]): Uint8Array {
  return json(readings.length === 1 ? readings[0] : readings);
}

/** A block of lead II. */
export function ecgPayload(block: {
  readonly boot: number;
  readonly seq: number;
  readonly index: number;
  readonly takenAt: number;
  readonly receivedAt: number;
  readonly discontinuous: boolean;
  readonly samples: Int16Array;
}): Uint8Array {
  return encodeWaveform({
    lead: 'II',
    boot: block.boot,
    seq: block.seq,
    discontinuous: block.discontinuous,
    saturated: false,
    pacing: false,
    rateMhz: ecgRateHz * 1_000,
    index: block.index,
    takenAtUs: block.takenAt * 1_000,
    receivedAt: block.receivedAt,
    scale: ecgScaleMicrovolt,
    unit: MICROVOLT,
    clock: 'synced',
    contact: 'contact',
    samples: block.samples,
  });
}

/** What a kit is registered to send: what its assignment arms, and what its state announces. */
export const kitSignals = [
  { vital: 'glucose', mode: 'continuous', everyMs: glucoseEveryMs, firstWithinMs: 600_000 },
  { vital: 'spo2', mode: 'continuous', everyMs: 1_000, firstWithinMs: 120_000 },
  { vital: 'pulse', mode: 'continuous', everyMs: 1_000, firstWithinMs: 120_000 },
  { lead: 'II', mode: 'continuous', everyMs: 1_000, firstWithinMs: 120_000 },
] as const;

const units = { glucose: 'mg/dL', spo2: '%', pulse: '/min', II: 'uV' } as const;

/** Model name of every kit. */
export const kitModel = 'Vigil simulated kit';

/** A kit's own account of its parts; the battery loses a per cent in three hours. */
export function statePayload(facts: {
  readonly boot: number;
  readonly seq: number;
  readonly at: number;
  readonly upForMs: number;
  readonly serial: string;
}): Uint8Array {
  const state: DeviceState = {
    v: 1,
    boot: facts.boot,
    seq: facts.seq,
    at: facts.at,
    link: 'up',
    why: null,
    contact: 'yes',
    faults: [],
    battery: Math.max(1, 100 - Math.floor(facts.upForMs / 10_800_000)),
    model: kitModel,
    serial: facts.serial,
    signals: kitSignals.map(({ firstWithinMs: _, ...signal }) => ({
      ...signal,
      unit: units['vital' in signal ? signal.vital : signal.lead],
    })),
  };
  return json(state);
}

/** Tells which readings the device could not keep. */
export function recordsLostPayload(facts: {
  readonly boot: number;
  readonly seq: number;
  readonly at: number;
  readonly from: number;
  readonly to: number;
  readonly count: number;
}): Uint8Array {
  const { boot, seq, at, from, to, count } = facts;
  return json({ v: 1, boot, seq, at, event: 'records-lost', detail: { from, to, count } });
}

/** Changes when what a kit sends changes. */
const configuration = createHash('sha256').update(JSON.stringify(kitSignals)).digest('hex').slice(0, 16);

/** One beat. */
export function heartbeatPayload(facts: {
  readonly boot: number;
  readonly beat: number;
  readonly at: number;
  readonly previous: Heartbeat['previous'];
  readonly device: string;
  readonly lastDataAt: number | null;
  readonly waiting: { readonly records: number; readonly bytes: number; readonly oldestAt: number | null };
  readonly thinned: number;
}): Uint8Array {
  const beat: Heartbeat = {
    v: 1,
    boot: facts.boot,
    beat: facts.beat,
    at: facts.at,
    nextBy: facts.at + beatEveryMs + beatGraceMs,
    config: configuration,
    desired: null,
    previous: facts.previous,
    radio: { state: 'none', lastHeardAt: null },
    devices: [{ id: facts.device, link: 'up', lastDataAt: facts.lastDataAt }],
    spool: { ...facts.waiting, thinned: facts.thinned, freeBytes: null },
    clock: { state: 'synced', offsetMs: 0, errorMs: 10 },
  };
  return json(beat);
}

/** Status after a connection and before its end; `lost` is the will. */
export function statusPayload(status: Status): Uint8Array {
  return json(status);
}
