#!/usr/bin/env node
// The command `vigil`: main.ts under the pinned Node.
import { fileURLToPath } from 'node:url';
import { run } from './run.js';

run([fileURLToPath(new URL('../main.ts', import.meta.url)), ...process.argv.slice(2)], {
  channel: true,
});
