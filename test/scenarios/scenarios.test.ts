// Scenarios that a clinician can read, each a test: what happens at the bedside, and what has to come of it.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { loadScenario, runScenario } from '../../scenario-run.ts';
import { isPassed, reportLines } from '../../simulators/index.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
/** No scenario needs this: it is for a machine that does much else. */
const playedWithinMs = 300_000;
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

for (const name of files) {
  const loaded = loadScenario(`${folder}${name}`);
  test(loaded.scenario.name, { tags: [...loaded.scenario.proves], timeout: playedWithinMs }, async () => {
    const result = await runScenario(loaded);
    expect(isPassed(result) ? [] : reportLines(result)).toEqual([]);
  });
}

test('there are scenarios, and each proves something', { tags: ['ALR-REPLAY'] }, () => {
  const proofs = files.map((name) => loadScenario(`${folder}${name}`).scenario.proves.length);
  expect(proofs.length).toBeGreaterThan(30);
  expect(proofs.filter((count) => count === 0)).toEqual([]);
});
