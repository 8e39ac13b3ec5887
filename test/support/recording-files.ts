// Parts of real recordings, written to a temporary folder as the tests play them.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';
import { dataFile } from './recordings.ts';

/** A folder that is gone after the test. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'vigil-recording-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Text of a file of the real recordings, unpacked. */
export function textOf(name: string): string {
  return bytesOf(name).toString('utf8');
}

export function bytesOf(name: string): Buffer {
  const bytes = readFileSync(dataFile(name));
  return name.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}

/** Writes a file into a test's folder and gives its path. */
export function written(name: string, content: string | Uint8Array): string {
  const path = join(testFolder(), name);
  writeFileSync(path, content);
  return path;
}

/** Rows of a table from one time on and before another, as they stand there, under its names. */
export function rowsBetween(text: string, from: string, to: string): string {
  const [names = '', ...rows] = text.split('\n');
  const wanted = rows.filter((row) => row.slice(0, from.length) >= from && row.slice(0, to.length) < to);
  return `${[names, ...wanted].join('\n')}\n`;
}

/** A record of two files in a folder of its own: its header and its samples. */
export function recordIn(name: string, header: string, samples: Uint8Array): string {
  const folder = testFolder();
  writeFileSync(join(folder, `${name}.dat`), samples);
  writeFileSync(join(folder, `${name}.hea`), header);
  return join(folder, `${name}.hea`);
}
