// Peer: a Map of streams and a closure for each rule, made from the rule file: what a good engineer would write first.
import { byVital, limitOf, type PlainReading, PlainStreams, plainReadings, type Verdict } from './plain-streams.ts';
import type { EngineSetup, RulesEngine } from './rules-engine.ts';

type Judge = (value: number) => Verdict;

export function openMapClosures({ rules, said }: EngineSetup): RulesEngine<readonly PlainReading[]> {
  const judges = byVital(rules.rules, judgeOf);
  const streams = new PlainStreams(rules.rules, said);
  return {
    prepare: plainReadings,
    apply: (readings) => {
      for (const reading of readings) {
        const own = judges[reading.vital];
        streams.take(reading, (i) => (own[i] as Judge)(reading.value));
      }
    },
    tick: (at) => streams.sweep(at),
  };
}

function judgeOf(rule: EngineSetup['rules']['rules'][number]): Judge {
  const { word, limit, edge } = limitOf(rule);
  switch (word) {
    case 'below':
      return (value) => (value < limit ? 'violating' : value >= edge ? 'beyond' : 'between');
    case 'atOrBelow':
      return (value) => (value <= limit ? 'violating' : value > edge ? 'beyond' : 'between');
    case 'above':
      return (value) => (value > limit ? 'violating' : value <= edge ? 'beyond' : 'between');
    case 'atOrAbove':
      return (value) => (value >= limit ? 'violating' : value < edge ? 'beyond' : 'between');
  }
}
