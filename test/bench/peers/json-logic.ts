// Peer: json-logic-engine, each rule compiled once to a function of a reading; state as in the other peers.
import { LogicEngine } from 'json-logic-engine';
import { byVital, limitOf, type PlainReading, PlainStreams, plainReadings, type Verdict } from './plain-streams.ts';
import type { EngineSetup, RulesEngine } from './rules-engine.ts';

const operators = {
  below: ['<', '>='],
  atOrBelow: ['<=', '>'],
  above: ['>', '<='],
  atOrAbove: ['>=', '<'],
} as const;

export function openJsonLogic({ rules, said }: EngineSetup): RulesEngine<readonly PlainReading[]> {
  const engine = new LogicEngine();
  const compile = (rule: EngineSetup['rules']['rules'][number]) => {
    const { word, limit, edge } = limitOf(rule);
    const [violates, clears] = operators[word];
    const value = { var: 'value' };
    const logic = {
      if: [{ [violates]: [value, limit] }, 'violating', { [clears]: [value, edge] }, 'beyond', 'between'],
    };
    return engine.build(logic) as (reading: PlainReading) => Verdict;
  };
  const judges = byVital(rules.rules, compile);
  const streams = new PlainStreams(rules.rules, said);
  return {
    prepare: plainReadings,
    apply: (readings) => {
      for (const reading of readings) {
        const own = judges[reading.vital];
        streams.take(reading, (i) => (own[i] as (typeof own)[number])(reading));
      }
    },
    tick: (at) => streams.sweep(at),
  };
}
