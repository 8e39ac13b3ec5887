// The console's files. Class C. Invariants: only files that were in the folder at the start are served, by their exact names;
// the page itself is never cached, so a browser cannot show yesterday's; an address names a screen and a patient's opaque id,
// and says nothing of whether there is one. On failure: no folder, no console, the API serves.
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { App } from '../context.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.woff2': 'font/woff2',
};

const page = 'index.html';
/** Every screen is one page, which reads its address itself. */
const screens = ['/', '/p/:id'];

/** The bundled console, read once: its page is never cached, its assets, named by their hash, for good. */
export async function addConsoleRoutes(app: App, folder: string): Promise<void> {
  const names: readonly string[] = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const name of names) {
    const type = types[extname(name)];
    if (type === undefined) continue;
    const plain = await readFile(join(folder, name));
    const packed = names.includes(`${name}.br`) ? await readFile(join(folder, `${name}.br`)) : undefined;
    for (const path of name === page ? screens : [`/assets/${name}`])
      app.get(path, { schema: { hide: true }, config: { who: '-' } }, (request, reply) => {
        const takesBrotli = /\bbr\b/.test(String(request.headers['accept-encoding'] ?? ''));
        const isPacked = packed !== undefined && takesBrotli;
        reply.headers({
          ...(name !== page && { 'cache-control': 'public, max-age=31536000, immutable' }),
          ...(packed !== undefined && { vary: 'accept-encoding' }),
          ...(isPacked && { 'content-encoding': 'br' }),
        });
        return reply.type(type).send(isPacked ? packed : plain);
      });
  }
}
