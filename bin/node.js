#!/usr/bin/env node
// The pinned Node itself, for npm scripts: `node bin/node.js FILE ...`.
import { run } from './run.js';

run(process.argv.slice(2));
