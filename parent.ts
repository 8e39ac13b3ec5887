// `vigil up`: a small parent that keeps the serving child alive (records.md 10). It starts the child at once after an end,
// with back-off from the third end within a minute, passes signals on, and ends everything it started when it ends.
// Behaviour on failure: a child that says why it cannot start (a taken folder, a bad configuration) ends the parent too.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const endsWithinMs = 60_000;
const backOffMs = { first: 500, most: 30_000 } as const;
/** A child that has not ended this long after it was asked to is killed; all ends within 10 s. */
const stopDeadlineMs = 8_000;

/** What the serving child tells its parent. */
export const ChildMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready'), link: z.string(), mqttPort: z.int(), data: z.string() }),
  z.strictObject({ type: z.literal('refused'), message: z.string(), exitCode: z.int() }),
]);
export type ChildMessage = z.infer<typeof ChildMessage>;

export interface ParentOptions {
  /** Arguments that make main.ts the serving child, and the simulators; no simulators: undefined. */
  readonly serve: readonly string[];
  readonly simulate: readonly string[] | undefined;
  readonly environment: NodeJS.ProcessEnv;
  /** Called once, when the child serves for the first time. */
  readonly onReady: (ready: Extract<ChildMessage, { type: 'ready' }>) => void;
  readonly log: (message: string) => void;
}

/** Runs until a signal, or until the child refuses to start; gives the exit code. */
export async function runParent(options: ParentOptions): Promise<number> {
  const stopping = new AbortController();
  let exitCode = 0;
  const stop = () => stopping.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  process.on('disconnect', stop);

  let simulators: Promise<void> | undefined;
  let greeted = false;
  const serving = keepAlive({ ...options, args: options.serve, name: 'vigil' }, stopping.signal, (message) => {
    if (message.type === 'refused') {
      process.stderr.write(`${message.message}\n`);
      exitCode = message.exitCode;
      stopping.abort();
    } else if (!greeted) {
      greeted = true;
      options.onReady(message);
      if (options.simulate)
        simulators = keepAlive({ ...options, args: options.simulate, name: 'simulators' }, stopping.signal, () => {});
    }
  });
  await serving;
  await simulators;
  return exitCode;
}

interface Kept {
  readonly args: readonly string[];
  readonly name: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly log: (message: string) => void;
}

async function keepAlive(kept: Kept, signal: AbortSignal, onMessage: (message: ChildMessage) => void): Promise<void> {
  const ends: number[] = [];
  while (!signal.aborted) {
    const ended = await runOnce(kept, signal, onMessage);
    if (signal.aborted) return;
    const now = performance.now();
    ends.push(now);
    while ((ends[0] as number) < now - endsWithinMs) ends.shift();
    const waitMs = ends.length < 3 ? 0 : Math.min(backOffMs.most, backOffMs.first * 2 ** (ends.length - 3));
    kept.log(`${kept.name} ended (${ended}); starting it again${waitMs > 0 ? ` in ${waitMs / 1_000} s` : ''}`);
    if (waitMs > 0) await aborted(signal, waitMs);
  }
}

/** One life of a child: how it ended, in words. */
async function runOnce(kept: Kept, signal: AbortSignal, onMessage: (message: ChildMessage) => void): Promise<string> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./main.ts', import.meta.url)), ...kept.args], {
    // Its own process group: a terminal's Ctrl-C reaches it once, through us, and in order.
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: kept.environment,
  });
  child.on('message', (message) => {
    const parsed = ChildMessage.safeParse(message);
    if (parsed.success) onMessage(parsed.data);
  });
  const stop = () => stopChild(child);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await new Promise<string>((resolve) => {
      child.on('error', (error) => resolve(error.message));
      child.on('exit', (code, killedBy) => resolve(killedBy ?? `exit code ${code}`));
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function stopChild(child: ChildProcess): void {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopDeadlineMs);
  child.on('exit', () => clearTimeout(timer));
}

function aborted(signal: AbortSignal, atMostMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, atMostMs);
    signal.addEventListener('abort', done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
