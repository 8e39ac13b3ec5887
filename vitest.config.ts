import { defineConfig } from 'vitest/config';
import { CountsReporter } from './test/evidence/counts-reporter.ts';
import { readItems } from './test/evidence/read.ts';
import { requirementFiles, safetyFile } from './test/evidence/safety-folder.ts';

/** Test kinds that need more than Node; each is a project of its own, run when `VIGIL_TEST_NEEDS` names it. */
const needs = ['chromium', 'mosquitto', 'mount', 'data'];
const wanted = new Set((process.env['VIGIL_TEST_NEEDS'] ?? '').split(',').filter((name) => name !== ''));
const leftOut = needs.filter((need) => !wanted.has(need));
if (leftOut.length > 0) process.stderr.write(`left out, set VIGIL_TEST_NEEDS to run them: ${leftOut.join(', ')}\n`);

/** One tag per requirement and anomaly, read from the safety file, so that a test cannot cite what does not exist. */
const cited = readItems([...requirementFiles(), safetyFile('anomalies.md')]).items.filter((item) => !item.retired);
const tags = cited.map(({ id, title }) => ({ name: id, description: title }));

const folders = ['unit', 'contracts', 'integration', 'scenarios', 'simulation', 'faults'];

export default defineConfig({
  test: {
    tags,
    allowOnly: false,
    retry: 0,
    expect: { requireAssertions: true },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    reporters: ['default', new CountsReporter()],
    projects: [
      ...folders.map((name) => ({
        extends: true as const,
        test: {
          name,
          include: [`test/${name}/**/*.test.ts`],
          exclude: needs.map((need) => `**/*.${need}.test.ts`),
        },
      })),
      { extends: true as const, test: { name: 'project', include: ['test/*.test.ts'] } },
      ...needs
        .filter((need) => wanted.has(need))
        .map((need) => ({ extends: true as const, test: { name: need, include: [`test/**/*.${need}.test.ts`] } })),
    ],
  },
});
