// README's page "Send a reading", done to the letter in a folder like a reader's: bash, curl, mosquitto_pub, node, npx.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { rootFolder, startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';
import { sendAReadingBlocks } from './send-a-reading-page.ts';

/** A folder that looks like a checkout from inside, with a data folder of its own. */
async function readersFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'vigil-reader-'));
  await mkdir(join(path, 'data'));
  for (const name of ['bin', 'package.json', 'node_modules']) await symlink(join(rootFolder, name), join(path, name));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

test('a reader registers a device, binds it, publishes with mosquitto_pub and with mqtt.js, and sees it', {
  tags: ['BRK-AUTH', 'ALR-LIMIT', 'API-PATIENT'],
  timeout: 180_000,
}, async () => {
  const blocks = sendAReadingBlocks();
  const commands = blocks.flatMap((block) => (block.kind === 'sh' ? [block.text] : []));
  const all = commands.join('');
  expect(all).toContain('mosquitto_pub');
  expect(all).toContain('node my-oximeter.mjs');

  await using folder = await readersFolder();
  await using program = await startProgram({ dataFolder: join(folder.path, 'data') });
  for (const block of blocks) if (block.kind === 'file') await writeFile(join(folder.path, block.name), block.text);
  const script = ['set -euo pipefail', ...commands].join('\necho; echo "== next block"\n');
  const { stdout } = await promisify(execFile)('bash', ['-c', script], { cwd: folder.path, timeout: 150_000 });

  const nurse = await program.signIn();
  const { items: patients } = (await nurse.get('/patients')).body;
  const jane = patients.find(({ mrn }: { mrn: string }) => mrn === '0001');
  expect(jane).toMatchObject({ name: 'DOE, Jane', bed: 'Bed 9' });

  const day = `from=${new Date(Date.now() - 3_600_000).toISOString()}&to=${new Date(Date.now() + 60_000).toISOString()}`;
  const readings = await until('31 readings in the store', async () => {
    const { items } = (await nurse.get(`/patients/${jane.id}/readings?vital=spo2&${day}`)).body;
    return items.length >= 31 && items;
  });
  expect(readings).toHaveLength(31);
  expect(readings.filter(({ value }: { value: number }) => value === 96)).toHaveLength(1);
  expect(readings.filter(({ value }: { value: number }) => value === 86)).toHaveLength(30);

  const { items: alerts } = (await nurse.get(`/alerts?patient=${jane.id}`)).body;
  const low = alerts.find(({ family }: { family: string }) => family === 'spo2-low');
  expect(low).toMatchObject({ kind: 'physiological', priority: 'high', patient: { id: jane.id, mrn: '0001' } });
  expect(low.rules.map(({ id }: { id: string }) => id)).toContain('spo2-very-low');
  // What the page's own last commands printed holds it too, and the token went out once.
  expect(stdout).toContain('spo2-very-low');
  expect(stdout.match(/"token"/g)).toHaveLength(1);
});
