// One rule for fleets: every planned run of low readings is one alert, from the first of them to the first that is not.
import { writeFile } from 'node:fs/promises';
import type { RuleSet } from '../../contract/index.ts';

export const episodeRules: RuleSet = {
  id: 'fleet',
  version: 1,
  title: 'Fleets',
  rules: [
    {
      id: 'fleet-low',
      version: 1,
      family: 'spo2-low',
      rank: 10,
      priority: 'high',
      latching: false,
      floor: false,
      enabled: true,
      kind: 'threshold',
      vitals: ['spo2'],
      atOrBelow: '88 %',
      deadband: 0,
      holdMs: 0,
      recoverMs: 0,
      readings: 1,
      confirm: false,
      source: 'test',
    },
  ],
};

/** Written as the file that `alerting.rules` names. */
export async function writeEpisodeRules(path: string): Promise<void> {
  await writeFile(path, JSON.stringify(episodeRules));
}
