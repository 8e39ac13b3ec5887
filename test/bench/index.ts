// Runs one benchmark and prints one JSON object per figure (`performance.md`): npm run bench -- log
import { execFileSync } from 'node:child_process';
import type { Figure } from './figure.ts';

/** Loaded when asked for; named one by one, so that the table of imports can judge them. */
const benches: Readonly<Record<string, () => Promise<{ readonly bench: () => Promise<readonly Figure[]> }>>> = {
  console: () => import('./console.ts'),
  decode: () => import('./decode.ts'),
  ingest: () => import('./ingest.ts'),
  latency: () => import('./latency.ts'),
  log: () => import('./log.ts'),
  rules: () => import('./rules.ts'),
  store: () => import('./store.ts'),
};
const [name = ''] = process.argv.slice(2);

const load = benches[name];

if (load) {
  const { bench } = await load();
  for (const figure of await bench())
    process.stdout.write(
      `${JSON.stringify({ bench: name, ...figure, node: process.version, commit: commit(), seed: 1 })}\n`,
    );
} else {
  process.stderr.write(`npm run bench -- NAME, one of: ${Object.keys(benches).join(', ')}\n`);
  process.exitCode = 2;
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}
