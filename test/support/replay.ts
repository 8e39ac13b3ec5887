// What tests of recordings share: options as if nobody had said anything, files in a folder of their own, all items of one.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRecording, type Recording, type ReplayArguments, replayOptions } from '../../simulators/index.ts';

/** A folder that is gone at the end. */
export function ownFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'vigil-replay-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Opens a recording as the command does. */
export function openAsAsked(path: string, asked: ReplayArguments = {}): Promise<Recording> {
  const { read, format } = replayOptions(asked);
  return openRecording(path, read, format);
}

/** Writes a table and opens it. */
export async function openTable(text: string | Uint8Array, asked: ReplayArguments = {}, name = 't.csv') {
  using folder = ownFolder();
  const path = join(folder.path, name);
  writeFileSync(path, text);
  const recording = await openAsAsked(path, asked);
  return { recording, items: await Array.fromAsync(recording.items()) };
}

/** What the refusal says, and what kind it is; fails if there is none. */
export async function refusalOf(
  act: () => Promise<unknown>,
): Promise<{ readonly name: string; readonly message: string }> {
  try {
    await act();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was not refused');
}
