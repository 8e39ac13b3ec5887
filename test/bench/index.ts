// Runs one benchmark and prints one JSON object per figure (`performance.md`): npm run bench -- log
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import type { Figure } from './figure.ts';

const notBenches = new Set(['index.ts', 'figure.ts']);
const known = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.ts') && !notBenches.has(name))
  .map((name) => name.slice(0, -'.ts'.length));
const [name = ''] = process.argv.slice(2);

if (known.includes(name)) {
  const { bench } = (await import(`./${name}.ts`)) as { readonly bench?: () => Promise<readonly Figure[]> };
  if (!bench) throw new TypeError(`test/bench/${name}.ts is no benchmark`);
  for (const figure of await bench())
    process.stdout.write(
      `${JSON.stringify({ bench: name, ...figure, node: process.version, commit: commit(), seed: 1 })}\n`,
    );
} else {
  process.stderr.write(`npm run bench -- NAME, one of: ${known.join(', ')}\n`);
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
