import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { RecordingError } from './errors.ts';
import { quotedMax } from './limits.ts';

/** The bytes of a file, unpacked if its name ends in .gz. `hash` is fed what stands on the disk. */
export async function* bytesOf(path: string, hash?: Hash): AsyncGenerator<Uint8Array, void, undefined> {
  const file = createReadStream(path);
  if (hash) file.on('data', (chunk) => hash.update(chunk));
  const stream = path.endsWith('.gz') ? pipeline(file, createGunzip(), () => {}) : file;
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (cause) {
    throw unreadable(path, cause as Error);
  } finally {
    file.destroy();
  }
}

function unreadable(path: string, cause: Error): RecordingError {
  return new RecordingError(path, '', `cannot be read (${cause.message})`, { cause });
}

/** One checksum for a recording: its file's, or one over those of its files in their order. */
export function sha256Of(files: readonly { readonly sha256: string }[]): string {
  const [only, ...others] = files;
  if (only && others.length === 0) return only.sha256;
  return createHash('sha256')
    .update(files.map(({ sha256 }) => sha256).join(''))
    .digest('hex');
}

/** Text of a file as it may stand in a message: short, on one line. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > quotedMax ? `${text.slice(0, quotedMax)}...` : text);
}
