// Where the application listens: HTTP on loopback, and the local operator's socket.
import { closeSync, openSync } from 'node:fs';
import { chmod, mkdir, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { App } from './context.ts';
import { HttpPortError } from './errors.ts';
import { portTries } from './limits.ts';

export interface HttpPlace {
  readonly httpHost: string;
  readonly httpPort: number;
  readonly anyPort: boolean;
}

/** Listens; gives the address for browsers. */
export async function listenHttp(app: App, { httpHost, httpPort, anyPort }: HttpPlace): Promise<string> {
  const tries = anyPort && httpPort !== 0 ? portTries : 1;
  let last: unknown;
  for (let i = 0; i < tries; i++) {
    try {
      await app.listen({ host: httpHost, port: httpPort === 0 ? 0 : httpPort + i });
      const address = app.server.address();
      const port = typeof address === 'object' && address ? address.port : httpPort;
      return `http://${httpHost.includes(':') ? `[${httpHost}]` : httpHost}:${port}`;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      last = error;
    }
  }
  throw new HttpPortError(`${httpHost}:${httpPort} is taken`, { cause: last });
}

/** Longest path that a Unix socket's address holds, with its final zero left out. */
const socketPathMax = 107;

/** Listens on a socket that only its owner may use. The data folder is ours: a socket that is there was left behind. */
export async function listenLocal(app: App, path: string): Promise<Disposable> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  using stack = new DisposableStack();
  let address = path;
  if (Buffer.byteLength(path) > socketPathMax) {
    // A deep folder is named by a descriptor instead, open as long as the socket.
    const descriptor = stack.adopt(openSync(folder, 'r'), closeSync);
    address = join('/proc/self/fd', String(descriptor), basename(path));
  }
  await app.listen({ path: address, readableAll: false, writableAll: false });
  await chmod(path, 0o600);
  return stack.move();
}
