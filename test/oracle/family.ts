// The life of the one alert that a family of rules can have open (`alerting.md` 4), with nobody who acknowledges.
import { type ExpectedEvent, type ExpectedTruth, higher, isHigher } from './expected.ts';
import type { Priority } from './rule-file.ts';
import type { Series } from './sample.ts';
import type { Spell } from './spells.ts';

type Type = ExpectedEvent['type'];

export class Family {
  readonly #patient: string;
  readonly #name: string;
  readonly #series: ReadonlyMap<string, Series>;
  readonly #spells: readonly Spell[];
  state: 'none' | 'active' | 'latched' = 'none';
  /** Rules true now, or true last, the worst first. */
  #true: readonly Spell[] = [];
  priority: Priority = 'low';
  #peak: Priority = 'low';
  /** A latching rule was true, and nobody has acknowledged: nobody ever does. */
  #latches = false;
  #isLost = false;
  readonly events: ExpectedEvent[] = [];
  readonly truths: ExpectedTruth[] = [];

  constructor(patient: string, name: string, series: ReadonlyMap<string, Series>, spells: readonly Spell[]) {
    this.#patient = patient;
    this.#name = name;
    this.#series = series;
    this.#spells = spells;
  }

  /** Signals that the open alert rests on. */
  get signals(): ReadonlySet<string> {
    return new Set(this.state === 'none' ? [] : this.#true.map(({ signal }) => signal));
  }

  /** A usable reading of a signal was judged. `seen` says how many of each signal were judged so far. */
  read(at: number, seen: ReadonlyMap<string, number>): void {
    const now: Spell[] = [];
    for (const spell of this.#spells) {
      const newest = (seen.get(spell.signal) ?? 0) - 1;
      if (spell.raised <= newest && (spell.cleared === null || spell.cleared > newest)) now.push(spell);
    }
    now.sort((a, b) => b.rule.rank - a.rule.rank || (a.signal < b.signal ? -1 : 1));
    for (const spell of now) this.#note(spell);
    if (now.length > 0) this.#isTrue(at, now);
    else if (this.state === 'active') this.#over(at, this.#latches);
  }

  #isTrue(at: number, now: readonly Spell[]): void {
    const before = this.priority;
    this.#true = now;
    this.priority = now.reduce<Priority>((most, { rule }) => higher(most, rule.priority), 'low');
    this.#peak = this.state === 'none' ? this.priority : higher(this.#peak, this.priority);
    if (now.some(({ rule }) => rule.latching)) this.#latches = true;
    const was = this.state;
    this.state = 'active';
    if (was === 'none') this.#tell('raised', at);
    else if (was === 'latched') this.#tell('reasserted', at);
    else if (isHigher(this.priority, before)) this.#tell('worsened', at);
    else if (isHigher(before, this.priority)) this.#tell('eased', at);
  }

  #over(at: number, latched: boolean): void {
    this.#isLost = false;
    this.state = latched ? 'latched' : 'none';
    this.#tell(latched ? 'latched' : 'closed', at);
    if (latched) return;
    this.#latches = false;
  }

  /** Which signals nobody hears now: an alert whose every signal is lost says so. */
  hear(at: number, lost: ReadonlySet<string>): void {
    if (this.state !== 'active') return;
    const isLost = [...this.signals].every((signal) => lost.has(signal));
    if (isLost === this.#isLost) return;
    this.#isLost = isLost;
    this.#tell(isLost ? 'data-lost' : 'data-back', at);
  }

  /** The source is unbound: a high alert waits for a person, any other for another source. */
  unbound(at: number): void {
    if (this.state === 'active' && (this.priority === 'high' || this.#latches)) this.#over(at, true);
  }

  #tell(type: Type, at: number): void {
    const [top] = this.#true;
    if (!top) throw new Error('an alert without a rule');
    const { rule, value, limit, onsetAt } = this.#truthOf(top);
    this.events.push({
      at,
      type,
      patient: this.#patient,
      kind: 'physiological',
      family: this.#name,
      signal: null,
      rule,
      priority: this.priority,
      peak: this.#peak,
      onsetAt,
      value,
      limit,
    });
  }

  #note(spell: Spell): void {
    const truth = this.#truthOf(spell);
    const isKnown = this.truths.some(
      ({ rule, signal, trueAt }) => rule === truth.rule && signal === truth.signal && trueAt === truth.trueAt,
    );
    if (!isKnown) this.truths.push(truth);
  }

  #truthOf({ rule, signal, onset, raised }: Spell): ExpectedTruth {
    const samples = this.#series.get(signal)?.samples ?? [];
    const [first, decided] = [samples[onset], samples[raised]];
    if (!first || !decided) throw new Error('a spell of readings that are not there');
    return {
      family: this.#name,
      rule: rule.id,
      signal,
      onsetAt: first.at,
      trueAt: decided.at,
      value: decided.value,
      limit: rule.limitText,
    };
  }
}
