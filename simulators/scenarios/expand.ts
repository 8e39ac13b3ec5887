// What a scenario's rows come down to: single acts at their times, in order. Pure: the same scenario, the same acts.
import { type Bound, freshnessOf, type Quality, VITALS, type Vital } from '../../contract/index.ts';
import { isVital, type SignalName } from './cast.ts';
import type { Given, Says, Scenario, ScenarioDevice, Subject } from './scenario.ts';

/** One message about one signal, measured at `takenMs` and delivered at the act's time. */
export interface Measured {
  readonly device: string;
  readonly signal: SignalName;
  /** Order of measuring on the device, or for blocks on its lead: what makes a copy a copy. */
  readonly seq: number;
  readonly takenMs: number;
  readonly says: Says & { readonly limit?: number };
  readonly quality: Quality;
  readonly lane: 'live' | 'late';
}

export type Act = { readonly atMs: number } & (
  | { readonly act: 'measured'; readonly measured: Measured }
  | { readonly act: 'probe'; readonly device: string; readonly contact: boolean; readonly seq: number }
  | { readonly act: 'gateway'; readonly gateway: string; readonly on: boolean }
  | { readonly act: 'engine'; readonly on: boolean }
  | { readonly act: 'clock'; readonly byMs: number }
  | { readonly act: 'bind' | 'unbind'; readonly device: string }
  | { readonly act: 'discharge'; readonly patient: string }
  | { readonly act: 'acknowledge'; readonly of: Subject; readonly by: string; readonly revision: number | null }
);

/** Of what happens at one instant, who comes first: what is worn, what is heard, what is measured, what people do. */
const order: Readonly<Record<Act['act'], number>> = {
  bind: 0,
  clock: 1,
  engine: 2,
  gateway: 3,
  probe: 4,
  measured: 5,
  acknowledge: 6,
  unbind: 7,
  discharge: 8,
};

/** A sensor under the skin says LOW and HIGH beyond these, mg/dL; others say nothing but that it is beyond. */
const limits: Partial<Record<Vital, Readonly<Record<Bound, number>>>> = { glucose: { below: 40, above: 400 } };

type Of<W extends Given['what']> = Extract<Given, { what: W }>;

/** All acts of a scenario up to its end. */
export function expand(scenario: Scenario): Act[] {
  const { given, devices } = scenario;
  const acts: Act[] = [...wearing(scenario), ...given.flatMap(simpleActs)];
  for (const device of devices) {
    const samples = device.signals
      .flatMap(({ name, everyMs }) => sample(scenario, device, name, everyMs))
      .filter((one) => isMeasured(one, scenario, device))
      .sort((a, b) => a.takenMs - b.takenMs);
    const probes = given.filter((row): row is Of<'probe'> => row.what === 'probe' && row.device === device.id);
    acts.push(...numbered(samples, probes).flatMap((one) => delivered(one, scenario, device)));
  }
  // Sorting is stable: of one kind and instant the order is that of measuring, or of the file.
  return acts
    .filter(({ atMs }) => atMs <= scenario.endMs)
    .sort((a, b) => a.atMs - b.atMs || order[a.act] - order[b.act]);
}

/** Devices are worn from the beginning, unless a row says when. */
function wearing({ devices, given }: Scenario): Act[] {
  const later = new Set(given.flatMap((row) => (row.what === 'bind' ? [row.device] : [])));
  return devices.filter(({ id }) => !later.has(id)).map(({ id }) => ({ atMs: 0, act: 'bind', device: id }));
}

function simpleActs(row: Given): Act[] {
  const { atMs } = row;
  switch (row.what) {
    case 'acknowledge':
      return [{ atMs, act: 'acknowledge', of: row.of, by: row.by, revision: row.revision }];
    case 'gateway':
    case 'uplink':
      return [
        { atMs, act: 'gateway', gateway: row.gateway, on: false },
        { atMs: atMs + row.forMs, act: 'gateway', gateway: row.gateway, on: true },
      ];
    case 'engine':
      return [
        { atMs, act: 'engine', on: false },
        { atMs: atMs + row.forMs, act: 'engine', on: true },
      ];
    case 'clock':
      return [{ atMs, act: 'clock', byMs: row.byMs }];
    case 'bind':
    case 'unbind':
      return [{ atMs, act: row.what, device: row.device }];
    case 'discharge':
      return [{ atMs, act: 'discharge', patient: row.patient }];
    default:
      return [];
  }
}

type Sample = Omit<Measured, 'seq' | 'lane'>;

/** What a signal measures: each row at its time, then at the signal's pace until the next row. */
function sample(
  { given, endMs }: Scenario,
  { id: device }: ScenarioDevice,
  signal: SignalName,
  everyMs: number,
): Sample[] {
  const rows = given.filter(
    (row): row is Of<'value'> => row.what === 'value' && row.device === device && row.signal === signal,
  );
  return rows.flatMap((row, i) => {
    const until = rows[i + 1]?.atMs ?? endMs + 1;
    const from = before(rows, i);
    const samples: Sample[] = [];
    for (let takenMs = row.atMs; takenMs < until; takenMs += everyMs)
      samples.push({ device, signal, takenMs, says: saidAt(row, from, takenMs), quality: row.quality });
    return samples;
  });
}

/** What the signal had reached when a row begins. */
function before(rows: readonly Of<'value'>[], i: number): number | undefined {
  const row = rows[i - 1];
  const next = rows[i];
  if (!row || !next || !('value' in row.says)) return undefined;
  const reached = saidAt(row, before(rows, i - 1), next.atMs);
  return 'value' in reached ? reached.value : undefined;
}

/** A ramp is a straight line from what was, in steps that the device can show. */
function saidAt(
  { says, overMs, atMs, signal }: Of<'value'>,
  from: number | undefined,
  takenMs: number,
): Measured['says'] {
  if ('bound' in says && isVital(signal)) {
    const limit = limits[signal]?.[says.bound];
    return limit === undefined ? says : { ...says, limit };
  }
  if (!('value' in says) || overMs === 0 || from === undefined) return says;
  const share = Math.min(1, (takenMs - atMs) / overMs);
  const value = from + (says.value - from) * share;
  const { resolution, unit } = VITALS[signal as Vital];
  if (unit !== says.unit) return { ...says, value: Math.round(value * 100) / 100 };
  return { ...says, value: Number((Math.round(value / resolution) * resolution).toFixed(3)) };
}

type Numbered = { readonly kind: 'sample'; readonly sample: Sample; readonly seq: number } | NumberedProbe;
interface NumberedProbe {
  readonly kind: 'probe';
  readonly row: Of<'probe'>;
  readonly seq: number;
}

/** One counter for readings and states of a device, one for the blocks of each lead, in the order of measuring. */
function numbered(samples: readonly Sample[], probes: readonly Of<'probe'>[]): Numbered[] {
  const counters = new Map<string, number>();
  const next = (of: string) => {
    const seq = (counters.get(of) ?? 0) + 1;
    counters.set(of, seq);
    return seq;
  };
  const left = [...probes];
  const all: Numbered[] = [];
  const take = (until: number) => {
    while (left[0] && left[0].atMs <= until)
      all.push({ kind: 'probe', row: left.shift() as Of<'probe'>, seq: next('') });
  };
  for (const one of samples) {
    take(one.takenMs);
    all.push({ kind: 'sample', sample: one, seq: next(isVital(one.signal) ? '' : one.signal) });
  }
  take(Number.POSITIVE_INFINITY);
  return all;
}

function delivered(one: Numbered, scenario: Scenario, device: ScenarioDevice): Act[] {
  const held = outageAt(one.kind === 'probe' ? one.row.atMs : one.sample.takenMs, scenario, device);
  if (one.kind === 'probe') {
    const { atMs, contact } = one.row;
    if (held?.what === 'gateway') return [];
    return [{ atMs: held ? atEnd(held) : atMs, act: 'probe', device: device.id, contact, seq: one.seq }];
  }
  const { sample: taken, seq } = one;
  const of = (what: Span['what']) => spanAt(what, taken, scenario);
  const measured: Measured = { ...probed(taken, scenario, device), seq, lane: 'live' };
  const act = (atMs: number, lane: Measured['lane'] = 'live'): Act => ({
    atMs,
    act: 'measured',
    measured: { ...measured, lane },
  });
  if (held) return [afterOutage(act, taken, atEnd(held))];
  const late = of('late');
  if (late?.what === 'late') return [act(taken.takenMs + late.byMs, 'late')];
  const everyMs = device.signals.find(({ name }) => name === taken.signal)?.everyMs ?? 1_000;
  // A copy comes with the next one; of two that are swapped the older comes right behind the newer.
  const swapped = of('reorder');
  if (of('duplicate')) return [act(taken.takenMs), act(taken.takenMs + everyMs)];
  if (swapped && !isSecond(swapped.atMs, taken.takenMs, everyMs)) return [act(taken.takenMs + everyMs + behindMs)];
  return [act(taken.takenMs)];
}

/** How long behind the newer one the older of two swapped readings comes. */
const behindMs = 100;
/** How long after an outage the backlog begins to come. */
const backlogAfterMs = 1_000;

/** Silence measures nothing, and what is behind a gateway that is lost gets no number. */
function isMeasured(taken: Sample, scenario: Scenario, device: ScenarioDevice): boolean {
  return !spanAt('silence', taken, scenario) && outageAt(taken.takenMs, scenario, device)?.what !== 'gateway';
}

type Span = Of<'silence' | 'duplicate' | 'reorder' | 'late'>;
type Outage = Of<'gateway' | 'uplink'>;

function spanAt(what: Span['what'], { device, signal, takenMs }: Sample, { given }: Scenario): Span | undefined {
  const spans = given.filter((row): row is Span => row.what === what);
  return spans.find((row) => row.device === device && row.signal === signal && within(row, takenMs));
}

function outageAt(ms: number, { given }: Scenario, { gateway }: ScenarioDevice): Outage | undefined {
  const outages = given.filter((row): row is Outage => row.what === 'gateway' || row.what === 'uplink');
  return outages.find((row) => row.gateway === gateway && within(row, ms));
}

/** Every second one of a span keeps its time; the one before it comes behind it. */
function isSecond(beganMs: number, takenMs: number, everyMs: number): boolean {
  return Math.round((takenMs - beganMs) / everyMs) % 2 === 1;
}

/** After an outage what is still fresh comes first and live, in order; older comes by the late lane (`records.md` 3). */
function afterOutage(act: (atMs: number, lane: Measured['lane']) => Act, taken: Sample, endMs: number): Act {
  const isFresh = endMs - taken.takenMs <= freshnessOf(taken.signal).freshForMs;
  return isFresh ? act(endMs, 'live') : act(endMs + backlogAfterMs, 'late');
}

/** A probe that is off measures nothing, and says why. */
function probed(taken: Sample, { given }: Scenario, { id }: ScenarioDevice): Sample {
  const probe = given.findLast(
    (row): row is Of<'probe'> => row.what === 'probe' && row.device === id && row.atMs <= taken.takenMs,
  );
  if (probe?.contact !== false) return taken;
  return { ...taken, says: { absent: isVital(taken.signal) ? 'no-contact' : 'lead-off' }, quality: 'bad' };
}

function within(row: { readonly atMs: number; readonly forMs: number }, ms: number): boolean {
  return row.atMs <= ms && ms < row.atMs + row.forMs;
}

function atEnd(row: { readonly atMs: number; readonly forMs: number }): number {
  return row.atMs + row.forMs;
}
