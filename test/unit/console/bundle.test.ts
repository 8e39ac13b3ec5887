// What the browser gets: nothing of the schemas, whose library alone is larger than the console.
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { describe, expect, test } from 'vitest';

const consoleFolder = fileURLToPath(new URL('../../../api/console', import.meta.url));

async function bundled(entry: string): Promise<Metafile['outputs'][string]> {
  const { metafile } = await build({
    absWorkingDir: consoleFolder,
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    outdir: 'out',
    format: 'esm',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    logLevel: 'silent',
  });
  const [output] = Object.values(metafile.outputs);
  if (!output) throw new Error(`${entry} gave no file`);
  return output;
}

describe('a bundle of the console', () => {
  test.for(['main.tsx', 'worker.ts', 'client.ts'])('from %s holds no schema and nothing of Node', async (entry) => {
    const { inputs, imports } = await bundled(entry);
    const held = Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? path : []));
    expect(held.filter((path) => path.includes('/zod/'))).toEqual([]);
    expect(imports).toEqual([]);
  });

  test('from the client holds the client', async () => {
    const { inputs } = await bundled('client.ts');
    expect(Object.keys(inputs)).toContain('../../contract/client.ts');
  });
});
