// The oracle: what has to be told of a recording, worked out from the text of `alerting.md` alone. It imports nothing of
// ours. Reading after reading and deadline after deadline, each in its turn; nothing is remembered that could be looked up.
import type { Expected, ExpectedEvent } from './expected.ts';
import { factsOf, isNumeric, riskGlucose } from './facts.ts';
import { Family } from './family.ts';
import { type Arrived, type Given, type GivenSignal, tickAfter } from './given.ts';
import { displayed, isAfterGap, type Sample, type Series } from './sample.ts';
import { Silence } from './silence.ts';
import { type Spell, spellsOf } from './spells.ts';

/** A live message in its turn. */
interface Turn {
  readonly signal: GivenSignal;
  readonly arrived: Arrived;
}

export function foretell(given: Given): Expected {
  const live = given.signals.map((signal) => ({ ...signal, arrivals: liveOf(signal, given) }));
  const series = new Map<string, Series>();
  for (const { name, everyMs, arrivals } of live)
    series.set(name, { signal: name, everyMs, samples: samplesOf(arrivals) });
  const families = familiesOf(given, series);
  const silences = live.map((signal) => silenceOf(signal, given));
  const ward = { given, series, families, silences, seen: new Map<string, number>() };
  for (const turn of turnsOf(live)) {
    timePasses(ward, turn.arrived.acceptedAt);
    arrives(ward, turn);
  }
  timePasses(ward, Math.min(given.until, given.assigned.to));
  if (given.assigned.to <= given.until) unbound(ward);
  const events = [...families, ...silences].flatMap((each) => each.events);
  return { events: inOrder(events), truths: families.flatMap((family) => family.truths) };
}

interface Ward {
  readonly given: Given;
  readonly series: ReadonlyMap<string, Series>;
  readonly families: readonly Family[];
  readonly silences: readonly Silence[];
  /** Usable readings judged so far, by signal. */
  readonly seen: Map<string, number>;
}

/** Within the assignment, newer than all before it, and young enough to speak for now (`alerting.md` 2.1, 5). */
function liveOf({ name, arrivals }: GivenSignal, { assigned }: Given): Arrived[] {
  const live: Arrived[] = [];
  let newest = Number.NEGATIVE_INFINITY;
  for (const arrived of arrivals) {
    const isOurs = arrived.at >= assigned.from && arrived.at < assigned.to;
    const isYoung = arrived.acceptedAt - arrived.at <= factsOf(name).lowMs;
    if (!isOurs || !isYoung || arrived.at <= newest) continue;
    newest = arrived.at;
    live.push(arrived);
  }
  return live;
}

function samplesOf(arrivals: readonly Arrived[]): Sample[] {
  const samples: Sample[] = [];
  for (const { at, value, bound, good, usable } of arrivals) {
    if (usable && value !== null) samples.push({ at, value, bound, good });
  }
  return samples;
}

function familiesOf({ patient, rules }: Given, series: ReadonlyMap<string, Series>): Family[] {
  const spells = new Map<string, Spell[]>();
  for (const rule of rules) {
    const all = spells.get(rule.family) ?? [];
    spells.set(rule.family, all);
    for (const signal of rule.signals) {
      const readings = series.get(signal);
      if (readings) all.push(...spellsOf(rule, readings));
    }
  }
  return [...spells].map(([name, all]) => new Family(patient, name, series, all));
}

function silenceOf(signal: GivenSignal, { patient, rules, ticks, assigned }: Given): Silence {
  const isUnruled = isNumeric(signal.name) && !rules.some(({ signals }) => signals.includes(signal.name));
  return new Silence({ patient, signal, ticks, assignedAt: assigned.from, isUnruled });
}

/** All messages in the order in which they were accepted, those of one instant in the order of their signals. */
function turnsOf(signals: readonly GivenSignal[]): Turn[] {
  const turns = signals.flatMap((signal) => signal.arrivals.map((arrived) => ({ signal, arrived })));
  return turns.sort((a, b) => a.arrived.acceptedAt - b.arrived.acceptedAt);
}

/** Everything that a tick finds due up to `until`, this instant's tick included. */
function timePasses(ward: Ward, until: number): void {
  for (;;) {
    let next: Silence | null = null;
    for (const silence of ward.silences) if (next === null || silence.dueAt < next.dueAt) next = silence;
    if (next === null || !Number.isFinite(next.dueAt) || tickAfter(ward.given.ticks, next.dueAt) > until) return;
    const at = next.dueAt;
    next.due(at, isRisk(ward, next.name));
    tellLost(ward, at);
  }
}

function tellLost({ families, silences }: Ward, at: number): void {
  const lost = new Set<string>();
  for (const silence of silences) if (silence.isLost) lost.add(silence.name);
  for (const family of families) family.hear(at, lost);
}

/** `alerting.md` 2.7: an open high or medium alert on that signal, or last glucose < 80 and falling. */
function isRisk(ward: Ward, signal: string): boolean {
  for (const family of ward.families) if (family.priority !== 'low' && family.signals.has(signal)) return true;
  const readings = ward.series.get(signal);
  const newest = (ward.seen.get(signal) ?? 0) - 1;
  const [last, before] = [readings?.samples[newest], readings?.samples[newest - 1]];
  if (signal !== 'glucose' || !readings || !last || !before || last.bound !== null) return false;
  const [shown, shownBefore] = [displayed(signal, last.value), displayed(signal, before.value)];
  return !isAfterGap(readings, newest) && shown < riskGlucose && shown < shownBefore;
}

function arrives(ward: Ward, { signal, arrived }: Turn): void {
  for (const silence of ward.silences) if (silence.name === signal.name) silence.hear(arrived);
  if (!arrived.usable) return;
  tellLost(ward, arrived.at);
  if (arrived.value === null) return;
  ward.seen.set(signal.name, (ward.seen.get(signal.name) ?? 0) + 1);
  for (const family of ward.families) family.read(arrived.at, ward.seen);
}

function unbound({ given, families, silences }: Ward): void {
  for (const silence of silences) silence.end(given.assigned.to);
  for (const family of families) family.unbound(given.assigned.to);
}

/** By instant; of one instant patients before signals, by name; of one alert as they were told. */
export function inOrder<E extends Pick<ExpectedEvent, 'at' | 'kind' | 'family' | 'signal'>>(events: readonly E[]): E[] {
  const key = ({ kind, family, signal }: E) => `${kind} ${family} ${signal ?? ''}`;
  return [...events].sort((a, b) => a.at - b.at || (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}
