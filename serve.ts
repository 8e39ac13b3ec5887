// The serving child: locks the data folder, starts the roles, tells the parent, and stops them in reverse when asked.

import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { LoadedConfig } from './config.ts';
import type { Announce, Realm } from './contract/index.ts';
import { FolderLockedError, lockFolder } from './durable/index.ts';
import { EXIT } from './exit-codes.ts';
import { hostBootId, hostClock, hostRandom } from './host.ts';
import type { ChildMessage } from './parent.ts';
import { startSystem } from './system.ts';

/** Serves until a signal or until the parent is gone; gives the exit code. */
export async function serve(loaded: LoadedConfig, version: string): Promise<number> {
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  process.on('disconnect', stop);
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);

  await using stack = new AsyncDisposableStack();
  try {
    const data = resolve(loaded.config.data);
    await mkdir(data, { recursive: true, mode: 0o700 });
    stack.use(await lockFolder(data));
    const installation = await belongsTo(data, loaded.config.realm);
    const ports = { clock: hostClock(), random: hostRandom(), bootId: hostBootId(), announce };
    const system = stack.use(await startSystem(loaded, { data, installation, version }, ports));
    await mkdir(join(data, 'run'), { recursive: true });
    await writeReady(data, { pid: process.pid, version, ...system.listening });
    tell({
      type: 'ready',
      link: await system.signInLink(),
      mqttPort: system.listening.mqttPort,
      data: loaded.config.data,
    });
    await aborted(stopping.signal);
    return EXIT.ok;
  } catch (error) {
    if (stopping.signal.aborted) return EXIT.ok;
    // The folder of another process, or of another realm, is so at the next start too: no use in trying again.
    if (!(error instanceof FolderLockedError || error instanceof ForeignFolderError)) throw error;
    tell({ type: 'refused', message: error.message, exitCode: EXIT.failure });
    return EXIT.failure;
  }
}

/** The data folder is another realm's (SYS-REALM). */
export class ForeignFolderError extends Error {
  readonly code = 'FOREIGN_FOLDER';
}

/** Marks a new folder with its realm and installation, or checks the mark of an old one; gives the installation's id. */
async function belongsTo(data: string, realm: Realm): Promise<string> {
  const path = join(data, 'realm');
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) {
    const installation = randomUUID();
    await writeWhole(path, `${JSON.stringify({ realm, installation })}\n`);
    return installation;
  }
  const mark = JSON.parse(text) as { realm?: unknown; installation?: unknown };
  if (mark.realm !== realm)
    throw new ForeignFolderError(`${data} belongs to realm ${String(mark.realm)}, the configuration says ${realm}`);
  return String(mark.installation);
}

async function writeReady(data: string, ready: object): Promise<void> {
  await writeWhole(join(data, 'run', 'ready.json'), `${JSON.stringify(ready)}\n`);
}

async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
}

function tell(message: ChildMessage): void {
  if (process.send) process.send(message);
  else if (message.type === 'refused') process.stderr.write(`${message.message}\n`);
}

const announce: Announce = (level, message) => {
  process.stderr.write(`${new Date().toISOString()} ${level} ${message}\n`);
};

/** Our own mistake: the parent starts us again, the log brings everything back. The message carries no payload. */
function die(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(EXIT.failure);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
