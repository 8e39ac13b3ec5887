// Who measures what: the devices that a scenario names, or those that its signals need.
import { type Lead, leadNames, VITALS, type Vital, vitalNames } from '../../contract/index.ts';
import type { ScenarioDevice, Stream } from './scenario.ts';
import type { Words } from './words.ts';

export type SignalName = Vital | Lead;
export const signalNames: readonly SignalName[] = [...vitalNames, ...leadNames];

/** What a model measures, and how often unless the scenario says otherwise. */
const models: Readonly<Record<string, { readonly signals: readonly SignalName[]; readonly firstWithinMs?: number }>> = {
  oximeter: { signals: ['spo2', 'pulse', 'perfusion'] },
  cgm: { signals: ['glucose'], firstWithinMs: 600_000 },
  'chest-strap': { signals: ['hr', 'rr', 'ecg'] },
  ecg: { signals: ['II', 'I', 'III', 'aVR', 'aVL', 'aVF', 'V1', 'V2', 'V3', 'V4', 'V5', 'V6'] },
  thermometer: { signals: ['temp'] },
  cuff: { signals: ['sbp', 'dbp'] },
  monitor: { signals: ['resp', 'oxygen', 'consciousness', 'pleth'] },
};
export const modelNames: readonly string[] = Object.keys(models);
const firstWithinMs = 120_000;

/** Pace of signals that do not come each second. */
const everyMs: Partial<Record<SignalName, number>> = {
  glucose: 300_000,
  temp: 60_000,
  resp: 60_000,
  sbp: 900_000,
  dbp: 900_000,
  oxygen: 900_000,
  consciousness: 900_000,
};

/** A device as the file names it; what it leaves out, its model and the rows say. */
export interface NamedDevice {
  readonly id: string;
  readonly model: string;
  readonly patient?: string | undefined;
  readonly gateway?: string | undefined;
  readonly signals?: readonly SignalName[] | undefined;
  readonly everyMs?: number | undefined;
  readonly firstWithinMs?: number | undefined;
}

/** Devices of a scenario: those named, else one of each model that a mentioned signal needs. */
export function castOf(named: readonly NamedDevice[], mentioned: ReadonlySet<string>): ScenarioDevice[] {
  const devices = named.length > 0 ? named : implied(mentioned);
  return devices.map((device) => {
    const model = models[device.model];
    const able = model?.signals ?? [];
    const asked = able.filter((name) => mentioned.has(name));
    const names = device.signals ?? (asked.length > 0 ? asked : able.slice(0, 1));
    return {
      id: device.id,
      model: device.model,
      patient: device.patient ?? 'p-1',
      gateway: device.gateway ?? device.id,
      signals: names.map((name) => ({ name, everyMs: device.everyMs ?? everyMs[name] ?? 1_000 })),
      firstWithinMs: device.firstWithinMs ?? model?.firstWithinMs ?? firstWithinMs,
    };
  });
}

function implied(mentioned: ReadonlySet<string>): NamedDevice[] {
  return Object.entries(models)
    .filter(([, { signals }]) => signals.some((name) => mentioned.has(name)))
    .map(([model]) => ({ id: `${model}-1`, model }));
}

/** The cast as rows ask for it; what they leave open has to be the only one there is. */
export class Cast {
  readonly devices: readonly ScenarioDevice[];

  constructor(devices: readonly ScenarioDevice[]) {
    this.devices = devices;
  }

  get patients(): readonly string[] {
    return [...new Set(this.devices.map(({ patient }) => patient))];
  }

  stream(
    words: Words,
    signal: SignalName,
    { from, of }: { from?: string | undefined; of?: string | undefined },
  ): Stream {
    const able = this.devices.filter(
      (device) =>
        device.signals.some(({ name }) => name === signal) &&
        (from === undefined || device.id === from) &&
        (of === undefined || device.patient === of),
    );
    return { device: this.#only(words, able, `measures ${signal}`).id, signal };
  }

  device(words: Words, id: string): ScenarioDevice {
    return this.#only(
      words,
      this.devices.filter((device) => device.id === id),
      `is called ${id}`,
    );
  }

  /** The device named, or the only one. */
  anyDevice(words: Words, id: string | undefined): ScenarioDevice {
    return id === undefined ? this.#only(words, this.devices, 'there is') : this.device(words, id);
  }

  gateway(words: Words, id: string | undefined): string {
    const ids = [...new Set(this.devices.map(({ gateway }) => gateway))];
    const found = id === undefined ? ids : ids.filter((each) => each === id);
    const [only] = found;
    if (only !== undefined && found.length === 1) return only;
    return words.fault(`which gateway? say "of ${ids.join('" or "of ')}"`);
  }

  patient(words: Words, id: string | undefined): string {
    const found = id === undefined ? this.patients : this.patients.filter((each) => each === id);
    const [only] = found;
    if (only !== undefined && found.length === 1) return only;
    return words.fault(`which patient? say "of ${this.patients.join('" or "of ')}"`);
  }

  #only(words: Words, found: readonly ScenarioDevice[], what: string): ScenarioDevice {
    const [only] = found;
    if (only && found.length === 1) return only;
    const all = this.devices.map(({ id }) => id).join(', ');
    if (!only) return words.fault(`no device ${what}; there are: ${all === '' ? 'none' : all}`);
    return words.fault(`which device? say "from ${found.map(({ id }) => id).join('" or "from ')}"`);
  }
}

/** True for a name in the table of vitals. */
export function isVital(name: SignalName): name is Vital {
  return name in VITALS;
}
