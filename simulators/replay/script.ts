// A recording as the messages of its devices: numbered and dated once, by the recording and nothing else, so that it plays the
// same whoever plays it and however fast.
import {
  type DeviceState,
  encodeWaveform,
  gatewayFreshness,
  LEADS,
  type Lead,
  type Reading,
  type Signal,
  VITALS,
  type Vital,
  waveformFreshness,
} from '../../contract/index.ts';
import { stateEveryMs } from '../limits.ts';
import type { Message } from '../outbox.ts';
import type { Item, Measured, RecordedSignal, Recording } from './recording.ts';

/** One device of a recording, and what of it this device sends. */
export interface ReplayDevice {
  readonly name: string;
  readonly signals: readonly RecordedSignal[];
}

/** What stands of a device, once it is registered and switched on. */
export interface PlayedDevice {
  readonly id: string;
  readonly boot: number;
}

export interface Step {
  /** Ms since the recording's first instant. */
  readonly dueMs: number;
  /** Index of the device. */
  readonly device: number;
  readonly message: Message;
}

export interface ScriptOptions {
  readonly recording: Recording;
  readonly devices: readonly ReplayDevice[];
  readonly boots: readonly number[];
  /** UTC ms at which the recording's first instant is played. */
  readonly startAt: number;
  /** How often, one after the other; Infinity: until somebody stops. */
  readonly rounds: number;
}

export const replayModel = 'Vigil replay';

/** Model, serial and signals of a device as it is registered. */
export function signalsOf({ signals }: ReplayDevice): readonly Signal[] {
  return signals.map(({ name, everyMs }) => ({
    ...(isLead(name) ? { lead: name } : { vital: name as Vital }),
    mode: 'continuous',
    everyMs,
    // A recording may begin with a pause.
    firstWithinMs: Math.max(120_000, 2 * everyMs),
  }));
}

function isLead(name: Vital | Lead): name is Lead {
  return Object.hasOwn(LEADS, name);
}

/** All messages in the order in which they are due. */
export async function* scriptOf(options: ScriptOptions): AsyncGenerator<Step, void, undefined> {
  const { recording, devices, boots, rounds } = options;
  const voices = devices.map((device, i) => new Voice(device, boots[i] as number, options.startAt));
  const bySignal = new Map(
    devices.flatMap(({ signals }, i) => signals.map(({ name }) => [name as string, i] as const)),
  );
  let stateDue = 0;
  for (let round = 0; round < rounds; round++) {
    const shiftMs = round * recording.periodMs;
    for await (const item of recording.items()) {
      const dueMs = shiftMs + item.atMs;
      for (; stateDue <= dueMs; stateDue += stateEveryMs)
        for (const [device, voice] of voices.entries())
          yield { dueMs: stateDue, device, message: voice.state(stateDue) };
      for (const { device, message } of messagesOf(item, { voices, bySignal, shiftMs, round }))
        yield { dueMs, device, message };
    }
  }
}

interface Speaking {
  readonly voices: readonly Voice[];
  readonly bySignal: ReadonlyMap<string, number>;
  readonly shiftMs: number;
  readonly round: number;
}

function messagesOf(
  item: Item,
  { voices, bySignal, shiftMs, round }: Speaking,
): { device: number; message: Message }[] {
  if (item.kind === 'block') {
    const device = bySignal.get(item.lead);
    return device === undefined ? [] : [{ device, message: (voices[device] as Voice).block(item, shiftMs, round) }];
  }
  return voices.flatMap((voice, device) => {
    const mine = item.readings.filter(({ vital }) => bySignal.get(vital) === device);
    return mine.length === 0 ? [] : [{ device, message: voice.readings({ ...item, readings: mine }, shiftMs) }];
  });
}

const encoder = new TextEncoder();

/** Numbers what one device says: readings and states in one counter, blocks for each lead. */
class Voice {
  readonly #device: ReplayDevice;
  readonly #boot: number;
  readonly #startAt: number;
  #seq = 0;
  readonly #leads = new Map<Lead, { seq: number; index: number; round: number }>();

  constructor(device: ReplayDevice, boot: number, startAt: number) {
    this.#device = device;
    this.#boot = boot;
    this.#startAt = startAt;
  }

  readings(item: Extract<Item, { kind: 'readings' }>, shiftMs: number): Message {
    const takenAt = this.#startAt + shiftMs + item.atMs;
    const first = this.#seq + 1;
    const readings = item.readings.map(({ vital, unit, ...measured }): Reading => {
      const facts = { unit, takenAt, receivedAt: takenAt, clock: 'synced', deviceTime: item.deviceTime } as const;
      const { boot, seq } = { boot: this.#boot, seq: ++this.#seq };
      if ('absent' in measured) return { v: 1, boot, seq, vital, absent: measured.absent, ...ordered(facts, 'bad') };
      return { v: 1, boot, seq, vital, ...measured, ...ordered(facts, isTrusted(vital, measured) ? 'good' : 'bad') };
    });
    return {
      kind: 'readings',
      bytes: json(readings.length === 1 ? readings[0] : readings),
      at: takenAt,
      freshForMs: Math.min(...readings.map(({ vital }) => VITALS[vital].freshForMs)),
      seqs: [first, this.#seq],
    };
  }

  block(item: Extract<Item, { kind: 'block' }>, shiftMs: number, round: number): Message {
    const { lead, samples, rateMhz, scale, unit } = item;
    const last = this.#leads.get(lead) ?? { seq: 0, index: 0, round };
    const takenAtUs = (this.#startAt + shiftMs) * 1_000 + item.firstSampleUs;
    const bytes = encodeWaveform({
      ...{ lead, boot: this.#boot, seq: last.seq + 1, rateMhz, index: last.index, takenAtUs, scale, unit, samples },
      discontinuous: round !== last.round,
      saturated: false,
      pacing: false,
      receivedAt: this.#startAt + shiftMs + item.atMs,
      clock: 'synced',
      contact: 'unknown',
    });
    this.#leads.set(lead, { seq: last.seq + 1, index: last.index + samples.length, round });
    const at = Math.floor(takenAtUs / 1_000);
    return { kind: 'waveform', bytes, at, freshForMs: waveformFreshness.freshForMs, seqs: undefined };
  }

  state(dueMs: number): Message {
    const { name, signals } = this.#device;
    const at = this.#startAt + dueMs;
    const seq = ++this.#seq;
    const state: DeviceState = {
      v: 1,
      boot: this.#boot,
      seq,
      at,
      link: 'up',
      why: null,
      contact: 'unknown',
      faults: [],
      battery: null,
      model: replayModel,
      serial: name,
      signals: signals.map((signal) => ({
        ...(isLead(signal.name) ? { lead: signal.name } : { vital: signal.name as Vital }),
        unit: signal.unit,
        mode: 'continuous',
        everyMs: signal.everyMs,
      })),
    };
    return { kind: 'state', bytes: json(state), at, freshForMs: gatewayFreshness.freshForMs, seqs: [seq, seq] };
  }
}

/** An oximeter's figure below 50 is not to be trusted (`interfaces.md` 2). */
function isTrusted(vital: Vital, measured: Measured): boolean {
  return vital !== 'spo2' || !('value' in measured) || measured.value >= 50;
}

type Facts = Pick<Reading, 'unit' | 'takenAt' | 'receivedAt' | 'clock'> & { readonly deviceTime: string };

/** Keys in the order of the wire's fast path. */
function ordered<Q extends 'good' | 'bad'>({ unit, ...rest }: Facts, quality: Q) {
  return { unit, quality, ...rest };
}

function json(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}
