// One process a folder (records.md 5), by two listening sockets. The kernel closes them with the process, however it ended:
// there is no stale lock. The first has a name without a file (Linux), which makes two starters at one moment safe; the
// second is a file in the folder, seen also by a process in another container that shares it.
import { closeSync, constants, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { FolderLockedError } from './errors.ts';

/** A listener on this machine that does not answer in this time is no process that works. */
const answerWithinMs = 2_000;

/** Takes the folder, or throws `FolderLockedError`. Made if absent. */
export async function lockFolder(folder: string): Promise<AsyncDisposable> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await using stack = new AsyncDisposableStack();
  const { dev, ino } = statSync(folder);
  if (process.platform === 'linux') stack.use(await listen(`\0vigil-lock-${dev}-${ino}`, folder));
  // Through the open folder, because a socket's path may have only 107 characters.
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  stack.defer(() => closeSync(fd));
  const path = process.platform === 'linux' ? `/proc/self/fd/${fd}/lock` : join(folder, 'lock');
  if (await answers(path)) throw new FolderLockedError(folder);
  rmSync(path, { force: true });
  stack.use(await listen(path, folder));
  return stack.move();
}

function listen(path: string, folder: string): Promise<AsyncDisposable> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(cause.code === 'EADDRINUSE' ? new FolderLockedError(folder, { cause }) : cause),
    );
    // The lock alone keeps no process alive.
    server.unref().listen(path, () => resolve({ [Symbol.asyncDispose]: () => close(server) }));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(answerWithinMs, () => done(false));
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}
