import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { FolderLockedError, lockFolder } from '../../../durable/index.ts';

const made: string[] = [];
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-lock-'));
  made.push(folder);
  return folder;
}

/** A process that tries to take the folder, says how it went, and holds it until it is killed. */
async function starter(folder: string): Promise<{ readonly child: ChildProcess; readonly said: string }> {
  const module = new URL('../../../durable/index.ts', import.meta.url).href;
  const source = `
    const { lockFolder } = await import(${JSON.stringify(module)});
    try { await lockFolder(${JSON.stringify(folder)}); console.log('taken'); } catch (error) { console.log(error.code); }
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const [bytes] = (await once(child.stdout as NonNullable<typeof child.stdout>, 'data')) as [Buffer];
  return { child, said: String(bytes).trim() };
}

test('a folder has one holder, and is free after it', async () => {
  const folder = temporaryFolder();
  const held = await lockFolder(folder);
  await expect(lockFolder(folder)).rejects.toThrow(FolderLockedError);
  await held[Symbol.asyncDispose]();
  await using again = await lockFolder(folder);
  expect(again).toBeDefined();
});

test('a path that is too long for a socket is no hindrance', async () => {
  const folder = join(temporaryFolder(), 'a'.repeat(120), 'b'.repeat(120));
  await using held = await lockFolder(folder);
  expect(held).toBeDefined();
  await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'FOLDER_LOCKED' });
});

test('a holder that was killed leaves nothing in the way', async () => {
  const folder = temporaryFolder();
  const { child, said } = await starter(folder);
  expect(said).toBe('taken');
  await expect(lockFolder(folder)).rejects.toThrow(FolderLockedError);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await using held = await lockFolder(folder);
  expect(held).toBeDefined();
});

test('of many that start at once on what a killed one left, one has it', async () => {
  const folder = temporaryFolder();
  const { child } = await starter(folder);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const started = await Promise.all(Array.from({ length: 6 }, () => starter(folder)));
  expect(started.map(({ said }) => said).toSorted()).toEqual([
    ...Array.from({ length: 5 }, () => 'FOLDER_LOCKED'),
    'taken',
  ]);
});
