// Starts the pinned Node. Every signal reaches the program, and its end is our end.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { pinnedNode } from './pinned-node.js';

/** Compiled code from one start to the next: halves the time in which nobody watches after an end. Node checks it by source. */
const compileCache = fileURLToPath(new URL('../build/compile-cache', import.meta.url));

/**
 * Runs the pinned Node with these arguments and ends as it ends; signals are passed on. `channel`: the program learns by a
 * closed channel that this process is gone, even if it was killed.
 */
export function run(args, { channel = false } = {}) {
  let node;
  try {
    node = pinnedNode();
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
  const child = spawn(node, args, {
    stdio: channel ? ['inherit', 'inherit', 'inherit', 'ipc'] : 'inherit',
    env: { NODE_COMPILE_CACHE: compileCache, ...process.env },
  });
  // A terminal's Ctrl-C reaches the child by itself (same group); npm and service managers signal only us.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`cannot start ${node}: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}
