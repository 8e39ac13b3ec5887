// Peer: json-rules-engine, one engine a vital, two rules for each of ours: beyond the limit, and beyond the deadband. State as
// in the other peers.
import { Engine, type RuleProperties } from 'json-rules-engine';
import { byVital, limitOf, type PlainReading, PlainStreams, plainReadings, type Verdict } from './plain-streams.ts';
import type { EngineSetup, RulesEngine } from './rules-engine.ts';
import type { BenchVital } from './rules-workload.ts';

const operators = {
  below: ['lessThan', 'greaterThanInclusive'],
  atOrBelow: ['lessThanInclusive', 'greaterThan'],
  above: ['greaterThan', 'lessThanInclusive'],
  atOrAbove: ['greaterThanInclusive', 'lessThan'],
} as const;

export function openJsonRules({ rules, said }: EngineSetup): RulesEngine<readonly PlainReading[]> {
  const own = byVital(rules.rules, rulesOf);
  const engineOf = (vital: BenchVital) => new Engine(own[vital].flat());
  const engines = { hr: engineOf('hr'), pulse: engineOf('pulse'), spo2: engineOf('spo2') };
  const streams = new PlainStreams(rules.rules, said);
  return {
    prepare: plainReadings,
    apply: async (readings) => {
      for (const reading of readings) {
        const { events } = await engines[reading.vital].run({ value: reading.value });
        const verdicts = new Map(events.map(({ type, params }) => [params?.['rule'], type as Verdict]));
        streams.take(reading, (i) => verdicts.get(i) ?? 'between');
      }
    },
    tick: (at) => streams.sweep(at),
  };
}

function rulesOf(rule: EngineSetup['rules']['rules'][number], i: number): RuleProperties[] {
  const { word, limit, edge } = limitOf(rule);
  const [violates, clears] = operators[word];
  const when = (type: Verdict, operator: string, value: number) => ({
    conditions: { all: [{ fact: 'value', operator, value }] },
    event: { type, params: { rule: i } },
  });
  return [when('violating', violates, limit), when('beyond', clears, edge)];
}
