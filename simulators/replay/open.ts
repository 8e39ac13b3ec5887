import { existsSync } from 'node:fs';
import { UsageError } from '../errors.ts';
import { openCsv } from './csv.ts';
import type { ReadOptions, Recording } from './recording.ts';
import { openWfdb } from './wfdb.ts';

export type RecordingFormat = 'wfdb' | 'csv';

/** Opens a recording, by its name's ending unless its format is told: `.hea` or a record's name, `.csv`, `.tsv`, `.txt`, also `.gz`. */
export function openRecording(path: string, options: ReadOptions, format?: RecordingFormat): Promise<Recording> {
  const header = existsSync(path) ? path : `${path}.hea`;
  if (!existsSync(header)) throw new UsageError(`${path}: there is no such file, and no ${path}.hea`);
  const kind = format ?? formatOf(header);
  if (kind === undefined)
    throw new UsageError(`${path}: a WFDB header (.hea) or a table (.csv)? Say --format wfdb or csv`);
  return kind === 'wfdb' ? openWfdb(header, options) : openCsv(header, options);
}

function formatOf(path: string): RecordingFormat | undefined {
  if (/\.hea$/i.test(path)) return 'wfdb';
  return /\.(csv|tsv|tab|txt)(\.gz)?$/i.test(path) ? 'csv' : undefined;
}
