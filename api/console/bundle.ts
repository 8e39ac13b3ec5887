// Bundles the console into build/console: hashed names, so that the API may let browsers keep them for good. The page that
// names them is put in place last, so that a server which reads the folder meanwhile never gives a page without its parts.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const out = here('../../build/console');
const kept = new Set(['index.html']);

await mkdir(out, { recursive: true });
const common = { bundle: true, minify: true, format: 'esm', target: 'es2023', write: false, jsx: 'automatic' } as const;

/** One entry as one file; `define` gives it the names of what it loads. */
async function bundled(entry: string, define: Record<string, string> = {}): Promise<Uint8Array> {
  const result = await build({ ...common, jsxImportSource: 'preact', define, entryPoints: [here(entry)] });
  const [file] = result.outputFiles;
  if (!file) throw new Error(`${entry} gave no file`);
  return file.contents;
}

async function replace(name: string, contents: Uint8Array | string): Promise<void> {
  const unfinished = `${out}/${name}.${process.pid}`;
  await writeFile(unfinished, contents);
  await rename(unfinished, `${out}/${name}`);
}

async function keep(name: string, contents: Uint8Array, extension: string): Promise<string> {
  const hash = createHash('sha256').update(contents).digest('hex').slice(0, 10);
  const file = `${name}-${hash}.${extension}`;
  kept.add(file);
  await replace(file, contents);
  return `/assets/${file}`;
}

const worker = await keep('worker', await bundled('./worker.ts'), 'js');
const main = await keep('main', await bundled('./main.tsx', { WORKER_URL: JSON.stringify(worker) }), 'js');
const style = await keep('style', await bundled('./style.css'), 'css');
const icon = await keep('icon', await readFile(here('./icon.svg')), 'svg');
const html = await readFile(here('./index.html'), 'utf8');
await replace('index.html', html.replace('%STYLE%', style).replace('%MAIN%', main).replace('%ICON%', icon));
const isOld = (name: string) => /-[0-9a-f]{10}\.\w+$/.test(name) && !kept.has(name);
for (const name of (await readdir(out)).filter(isOld)) await rm(`${out}/${name}`, { force: true });
