// Bundles the console into build/console: hashed names, so that the API may let browsers keep them for good; beside each its
// Brotli. Texts and sizes are checked first, and a fault stops the build. The page that names the files is put in place last,
// so that a server which reads the folder meanwhile never gives a page without its parts.
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { build, type Metafile, type OutputFile } from 'esbuild';
import { type Budget, type Catalogue, fallbacks, gzBytes, messageFaults, sizeFaults } from './bundle-checks.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const out = here('../../build/console');
const assets = '/assets';

interface Bundled {
  readonly files: readonly OutputFile[];
  readonly outputs: Metafile['outputs'];
  readonly inputs: Metafile['inputs'];
}

async function bundled(entries: readonly string[], define: Record<string, string> = {}): Promise<Bundled> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: here('.'),
    entryPoints: [...entries],
    bundle: true,
    splitting: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    target: 'es2023',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    define,
    outdir: out,
    publicPath: assets,
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    loader: { '.woff2': 'file', '.svg': 'copy' },
    legalComments: 'none',
  });
  return { files: outputFiles, outputs: metafile.outputs, inputs: metafile.inputs };
}

/** The file that an entry became. */
function fileOf({ files, outputs }: Bundled, entry: string): OutputFile {
  const name = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === entry)?.[0];
  const file = files.find(({ path }) => name !== undefined && path.endsWith(basename(name)));
  if (!file) throw new Error(`${entry} gave no file`);
  return file;
}

/** Bytes of a file and of all that it loads with it, gzipped. */
function loadedBytes(bundle: Bundled, entry: string): number {
  const bytes = (name: string) =>
    gzBytes(bundle.files.find(({ path }) => path.endsWith(basename(name)))?.contents ?? new Uint8Array());
  const seen = new Set<string>();
  const take = (name: string): number => {
    if (seen.has(name)) return 0;
    seen.add(name);
    const loaded = (bundle.outputs[name]?.imports ?? []).filter(({ kind }) => kind === 'import-statement');
    return bytes(name) + loaded.reduce((sum, { path }) => sum + take(path), 0);
  };
  const own = Object.entries(bundle.outputs).find(([, { entryPoint }]) => entryPoint === entry)?.[0];
  return own === undefined ? 0 : take(own);
}

async function replace(name: string, contents: Uint8Array | string): Promise<void> {
  const unfinished = `${out}/${name}.${process.pid}`;
  await writeFile(unfinished, contents);
  await rename(unfinished, `${out}/${name}`);
}

const kept = new Set<string>();

/** A file under its own name, and its Brotli where that makes it smaller. */
async function keep(name: string, contents: Uint8Array): Promise<void> {
  kept.add(name);
  await replace(name, contents);
  if (name.endsWith('.woff2')) return;
  kept.add(`${name}.br`);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11 };
  await replace(`${name}.br`, brotliCompressSync(contents, { params }));
}

async function readMessages(language: string): Promise<Catalogue> {
  return JSON.parse(await readFile(here(`./messages/${language}.json`), 'utf8')) as Catalogue;
}

const languages = ['en', 'de'];
const worker = await bundled(['worker.ts']);
const workerName = basename(fileOf(worker, 'worker.ts').path);
const sheet = fileOf(await bundled(['patient.css']), 'patient.css');
const define = {
  WORKER_URL: JSON.stringify(`${assets}/${workerName}`),
  PATIENT_STYLE_URL: JSON.stringify(`${assets}/${basename(sheet.path)}`),
};
const main = await bundled(['main.tsx', 'style.css', 'icon.svg'], define);
const texts = await Promise.all(languages.map(async (language) => [language, await readMessages(language)] as const));
const names = Object.keys({ ...worker.inputs, ...main.inputs }).filter((name) => /^[\w-]+\.tsx?$/.test(name));
const code = await Promise.all(names.map((name) => readFile(here(name), 'utf8')));
const sources = { catalogues: Object.fromEntries(texts), code };
const hasPatient = names.includes('patient.tsx');
const faults = messageFaults(sources).filter((fault) => hasPatient || !fault.includes(' patient.'));
const language = loadedBytes(main, 'messages/de.json');
const entry = loadedBytes(main, 'main.tsx');
const sizes: Partial<Record<Budget, number>> = {
  entry,
  worker: loadedBytes(worker, 'worker.ts'),
  style: gzBytes(fileOf(main, 'style.css').contents),
  language,
  ...(hasPatient && { patient: loadedBytes(main, 'patient.tsx') - sharedBytes() + gzBytes(sheet.contents) }),
};

/** What the patient's screen takes from files that the entry has loaded already. */
function sharedBytes(): number {
  const of = (name: string) => Object.entries(main.outputs).find(([, { entryPoint }]) => entryPoint === name)?.[1];
  const loaded = new Set((of('main.tsx')?.imports ?? []).map(({ path }) => path));
  const shared = (of('patient.tsx')?.imports ?? []).filter(
    ({ path, kind }) => kind === 'import-statement' && loaded.has(path),
  );
  return shared.reduce((sum, { path }) => {
    const file = main.files.find((one) => one.path.endsWith(basename(path)));
    return sum + (file ? gzBytes(file.contents) : 0);
  }, 0);
}

faults.push(...sizeFaults(sizes));
if (faults.length > 0) {
  process.stderr.write(`${faults.join('\n')}\n`);
  process.exit(1);
}

await mkdir(out, { recursive: true });
for (const { path, contents } of [...worker.files, sheet, ...main.files]) await keep(basename(path), contents);
await keep('inter-licence.txt', await readFile(here('../../node_modules/@fontsource-variable/inter/LICENSE')));
const html = await readFile(here('./index.html'), 'utf8');
const url = (entry: string) => `${assets}/${basename(fileOf(main, entry).path)}`;
const icon = Object.keys(main.outputs).find((name) => name.endsWith('.svg')) ?? '';
await replace(
  'manifest.json',
  JSON.stringify({ sizes, fallbacks: Object.fromEntries(languages.map((one) => [one, fallbacks(sources, one)])) }),
);
kept.add('manifest.json').add('index.html');
await replace(
  'index.html',
  html
    .replace('%STYLE%', url('style.css'))
    .replace('%MAIN%', url('main.tsx'))
    .replace('%ICON%', `${assets}/${basename(icon)}`),
);
const isOld = (name: string) => /-[0-9a-zA-Z]{8,10}\.\w+(\.br)?$/.test(name) && !kept.has(name);
for (const name of (await readdir(out)).filter(isOld)) await rm(`${out}/${name}`, { force: true });
