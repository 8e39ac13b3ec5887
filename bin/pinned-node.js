// Finds the Node that this project pins. Plain JavaScript, so that any Node from 20 on can run it.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const PINNED = '24.21.0';
const OLDEST = [24, 12];

/** Path of a Node that runs TypeScript files; throws an Error that says what is missing. */
export function pinnedNode() {
  const require = createRequire(import.meta.url);
  const name = `node-${process.platform}-${process.arch}`;
  try {
    const path = join(dirname(require.resolve(`${name}/package.json`)), 'bin', 'node');
    if (existsSync(path)) return path;
  } catch {
    // No package for this platform: the system's own Node may do.
  }
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return process.execPath;
  throw new Error(
    `Vigil needs Node ${PINNED}. "npm ci" brings it on Linux (x64, arm64) as the package ${name}, which is not installed ` +
      `here, and this Node is ${process.versions.node}. Run "npm ci" without --omit=optional, or install Node ${OLDEST.join('.')} or newer.`,
  );
}
