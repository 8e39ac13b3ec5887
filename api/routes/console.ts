// The console's files. Class C. Invariants: only files that were in the folder at the start are served, by their exact names;
// the page itself is never cached, so a browser cannot show yesterday's. On failure: no folder, no console, the API serves.
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { App } from '../context.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** The bundled console, read once: its page is never cached, its assets, named by their hash, for good. */
export async function addConsoleRoutes(app: App, folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const name of names) {
    const type = types[extname(name)];
    if (type === undefined) continue;
    const bytes = await readFile(join(folder, name));
    const isPage = name === 'index.html';
    app.get(isPage ? '/' : `/assets/${name}`, { schema: { hide: true }, config: { who: '-' } }, (_request, reply) => {
      if (!isPage) reply.header('cache-control', 'public, max-age=31536000, immutable');
      return reply.type(type).send(bytes);
    });
  }
}
