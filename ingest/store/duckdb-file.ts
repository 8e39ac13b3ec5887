// The database file: made whole or not at all, and recognised before it is used.
//
// Invariants: a file with our name and without our meta row is left untouched; a new database gets its name only when its
// tables stand and are on disk, so a crash while it is made leaves no half one behind; nothing starts empty over a file.
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { unitUnknown } from '../../contract/index.ts';
import { StoreFileError } from './errors.ts';
import type { DatabaseOptions } from './protocol.ts';

/** Of the tables below; a change of them is a new version with a way from the old one. */
export const schemaVersion = 2;

// Hot tables hold numbers only (with one VARCHAR the appender is five times slower). No keys or indexes: identities are
// kept in `spans`, and zone maps over the arrival order prune by time.
const schema = `
CREATE TABLE meta (version INTEGER NOT NULL, installation VARCHAR NOT NULL, partitions INTEGER NOT NULL);
CREATE TABLE names (code INTEGER NOT NULL, name VARCHAR NOT NULL);
CREATE TABLE positions (log_partition INTEGER NOT NULL, log_position BIGINT NOT NULL);
CREATE TABLE spans (device INTEGER NOT NULL, boot INTEGER NOT NULL, lead INTEGER NOT NULL, low BIGINT NOT NULL, high BIGINT NOT NULL);
CREATE TABLE numerics (
  patient INTEGER NOT NULL, device INTEGER NOT NULL, boot INTEGER NOT NULL, seq BIGINT NOT NULL, vital UTINYINT NOT NULL,
  value DOUBLE, bound UTINYINT NOT NULL, absent TINYINT NOT NULL, quality UTINYINT NOT NULL, clock UTINYINT NOT NULL,
  taken_at BIGINT NOT NULL, received_at BIGINT NOT NULL, accepted_at BIGINT NOT NULL, effective_at BIGINT NOT NULL,
  log_partition INTEGER NOT NULL, log_position BIGINT NOT NULL, hash BIGINT NOT NULL,
  unit UTINYINT DEFAULT 255, reported DOUBLE);
CREATE TABLE waveforms (
  patient INTEGER NOT NULL, device INTEGER NOT NULL, boot INTEGER NOT NULL, seq BIGINT NOT NULL, lead INTEGER NOT NULL,
  taken_at_us BIGINT NOT NULL, end_us BIGINT NOT NULL, accepted_at BIGINT NOT NULL, rate_mhz UINTEGER NOT NULL,
  samples INTEGER NOT NULL, log_partition INTEGER NOT NULL, log_position BIGINT NOT NULL, hash BIGINT NOT NULL,
  block BLOB NOT NULL);`;

// Version 1 kept the canonical number alone: which unit its readings came in is not known.
const fromVersion1 = `
BEGIN TRANSACTION;
ALTER TABLE numerics ADD COLUMN unit UTINYINT DEFAULT ${unitUnknown};
ALTER TABLE numerics ADD COLUMN reported DOUBLE;
UPDATE meta SET version = 2;
COMMIT;`;

/** The database, checked to be ours; throws `StoreFileError` naming the file. */
export async function openDatabase(options: DatabaseOptions): Promise<DuckDBInstance> {
  if (!existsSync(options.file)) await makeDatabase(options);
  refuseForeignBytes(options.file);
  const instance = await openFile(options.file, options);
  try {
    await checkMeta(instance, options);
    return instance;
  } catch (error) {
    instance.closeSync();
    throw error instanceof StoreFileError ? error : openFailure(options.file, error);
  }
}

async function makeDatabase(options: DatabaseOptions): Promise<void> {
  const { file, installation, partitions } = options;
  if (existsSync(`${file}.wal`))
    throw new StoreFileError('STORE_FILE_CORRUPT', `${file} is missing, but its write-ahead log ${file}.wal is there`);
  const unfinished = `${file}.new`;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  rmSync(unfinished, { force: true });
  rmSync(`${unfinished}.wal`, { force: true });
  const instance = await openFile(unfinished, options);
  const connection = await instance.connect();
  await connection.run(schema);
  await connection.run('INSERT INTO meta VALUES ($1, $2, $3)', [schemaVersion, installation, partitions]);
  await connection.run('INSERT INTO positions SELECT unnest(range($1)), 0', [partitions]);
  await connection.run('CHECKPOINT');
  connection.closeSync();
  instance.closeSync();
  sync(unfinished);
  renameSync(unfinished, file);
  sync(dirname(file));
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}

/** A DuckDB file has its magic bytes behind the checksum of its first block; anything else is not touched. */
function refuseForeignBytes(file: string): void {
  const head = Buffer.alloc(12);
  const descriptor = openSync(file, 'r');
  const bytes = readSync(descriptor, head, 0, 12, 0);
  closeSync(descriptor);
  if (bytes < 12 || head.toString('latin1', 8, 12) !== 'DUCK')
    throw new StoreFileError(
      'STORE_FILE_FOREIGN',
      `${file} is no database of the store; move it away to start a new one`,
    );
}

async function openFile(file: string, { threads, memoryMiB }: DatabaseOptions): Promise<DuckDBInstance> {
  const settings = {
    threads: String(threads),
    memory_limit: `${memoryMiB}MiB`,
    temp_directory: `${file}.tmp`,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  };
  try {
    return await DuckDBInstance.create(file, settings);
  } catch (error) {
    throw openFailure(file, error);
  }
}

/** What the database says of a file that it cannot make sense of. */
const corruptWords = /corrupt|checksum|not a valid|read enough bytes|version number|serializ/i;

function openFailure(file: string, cause: unknown): Error {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (corruptWords.test(message))
    return new StoreFileError('STORE_FILE_CORRUPT', `${file} cannot be read: ${message}`, { cause });
  return new Error(`${file} cannot be opened: ${message}`, { cause });
}

async function checkMeta(instance: DuckDBInstance, options: DatabaseOptions): Promise<void> {
  const { file, installation, partitions } = options;
  const connection = await DuckDBConnection.create(instance);
  try {
    const tables = await connection.runAndReadAll(
      "SELECT count(*)::DOUBLE FROM duckdb_tables() WHERE database_name = current_database() AND table_name = 'meta'",
    );
    if (tables.getRows()[0]?.[0] !== 1)
      throw new StoreFileError('STORE_FILE_FOREIGN', `${file} is a database, but not the store's`);
    const rows = (await connection.runAndReadAll('SELECT * FROM meta')).getRows();
    const [version, owner, stored] = rows[0] ?? [];
    if (rows.length !== 1 || (version !== schemaVersion && version !== 1))
      throw new StoreFileError(
        'STORE_FILE_VERSION',
        `${file} has version ${version}, this program reads ${schemaVersion}`,
      );
    if (owner !== installation)
      throw new StoreFileError(
        'STORE_FILE_FOREIGN',
        `${file} belongs to installation '${owner}', not '${installation}'`,
      );
    if (stored !== partitions)
      throw new StoreFileError('STORE_FILE_FOREIGN', `${file} has ${stored} partitions, the log ${partitions}`);
    if (version === 1) await connection.run(fromVersion1);
  } finally {
    connection.closeSync();
  }
}
