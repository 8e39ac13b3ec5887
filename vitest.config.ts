import { readdirSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/** Test kinds that need more than Node; each is a project of its own, run when `VIGIL_TEST_NEEDS` names it. */
const needs = ['chromium', 'mosquitto', 'mount', 'data'];
const wanted = new Set((process.env['VIGIL_TEST_NEEDS'] ?? '').split(',').filter((name) => name !== ''));
const leftOut = needs.filter((need) => !wanted.has(need));
if (leftOut.length > 0) process.stderr.write(`left out, set VIGIL_TEST_NEEDS to run them: ${leftOut.join(', ')}\n`);

/** One tag per requirement, read from the safety file, so that a test cannot cite what does not exist. */
const folder = new URL('./safety/requirements/', import.meta.url);
const tags = readdirSync(folder).flatMap((file) =>
  [...readFileSync(new URL(file, folder), 'utf8').matchAll(/^### ([A-Z]+(?:-[A-Z]+)+) — (.+)$/gm)].map(
    ([, name = '', description = '']) => ({ name, description }),
  ),
);

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
