// What the browser gets: nothing of the schemas, whose library alone is larger than the console.
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import { describe, expect, test } from 'vitest';

const consoleFolder = fileURLToPath(new URL('../../../api/console', import.meta.url));

/** All files that an entry becomes, those that come later too, as `bundle.ts` makes them. */
async function bundled(entry: string): Promise<Metafile['outputs'][string][]> {
  const { metafile } = await build({
    absWorkingDir: consoleFolder,
    entryPoints: [entry],
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    outdir: 'out',
    format: 'esm',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    logLevel: 'silent',
  });
  const outputs = Object.values(metafile.outputs);
  if (outputs.length === 0) throw new Error(`${entry} gave no file`);
  return outputs;
}

describe('a bundle of the console', () => {
  test.for(['main.tsx', 'patient.tsx', 'worker.ts', 'client.ts'])(
    'from %s holds no schema and nothing of Node',
    async (entry) => {
      const outputs = await bundled(entry);
      const held = outputs.flatMap(({ inputs }) =>
        Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? path : [])),
      );
      expect(held).toContain(entry);
      expect(held.filter((path) => path.includes('/zod/'))).toEqual([]);
      expect(outputs.flatMap(({ imports }) => imports.filter(({ external }) => external === true))).toEqual([]);
    },
  );

  test('from the client holds the client', async () => {
    const outputs = await bundled('client.ts');
    expect(outputs.flatMap(({ inputs }) => Object.keys(inputs))).toContain('../../contract/client.ts');
  });
});
