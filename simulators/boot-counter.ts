import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from './durable-file.ts';

/**
 * The next boot number of a device, durable before it is given (`reliability.md` 1.2): a number used twice would make two
 * readings one.
 */
export async function nextBoot(folder: string): Promise<number> {
  const path = join(folder, 'boot');
  const boot = (await lastBoot(path)) + 1;
  await replaceFile(path, `${boot}\n`);
  return boot;
}

async function lastBoot(path: string): Promise<number> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
  const boot = Number(text);
  if (!Number.isSafeInteger(boot) || boot < 1)
    throw new Error(
      `${path}: ${JSON.stringify(text.slice(0, 40))} is no boot number; a higher one than ever used has to stand there`,
    );
  return boot;
}
