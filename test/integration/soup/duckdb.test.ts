// What the store relies on in @duckdb/node-api, held to the version in use: each is a fact that its correctness needs.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BIGINT,
  BLOB,
  blobValue,
  DOUBLE,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
} from '@duckdb/node-api';
import { afterAll, expect, test } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'vigil-duckdb-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
async function withDatabase(
  use: (connection: DuckDBConnection, instance: DuckDBInstance) => Promise<void>,
  file?: string,
) {
  const instance = await DuckDBInstance.create(file ?? join(folder, `${++files}.duckdb`), { threads: '1' });
  const connection = await instance.connect();
  try {
    await use(connection, instance);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function appendTo(connection: DuckDBConnection, value: bigint): Promise<void> {
  const appender = await connection.createAppender('t');
  const chunk = DuckDBDataChunk.create([BIGINT], 1);
  chunk.setColumnValues(0, [value]);
  appender.appendDataChunk(chunk);
  appender.flushSync();
  appender.closeSync();
}

const valuesOf = async (connection: DuckDBConnection, table = 't') =>
  (await connection.runAndReadAll(`SELECT * FROM ${table} ORDER BY ALL`)).getRows();

test('rows of an appender are part of the transaction: gone with a rollback, there with a commit', {
  tags: ['OPS-SOUP', 'ING-COMMIT'],
}, async () => {
  await withDatabase(async (connection) => {
    await connection.run('CREATE TABLE t (a BIGINT)');
    await connection.run('BEGIN TRANSACTION');
    await appendTo(connection, 1n);
    await connection.run('ROLLBACK');
    await connection.run('BEGIN TRANSACTION');
    await appendTo(connection, 2n);
    await connection.run('COMMIT');
    expect(await valuesOf(connection)).toEqual([[2n]]);
  });
});

test('another connection sees nothing of a transaction before its commit', {
  tags: ['OPS-SOUP', 'ING-COMMIT'],
}, async () => {
  await withDatabase(async (connection, instance) => {
    await connection.run('CREATE TABLE t (a BIGINT)');
    const reader = await instance.connect();
    await connection.run('BEGIN TRANSACTION');
    await appendTo(connection, 1n);
    expect(await valuesOf(reader)).toEqual([]);
    await connection.run('COMMIT');
    expect(await valuesOf(reader)).toEqual([[1n]]);
    reader.closeSync();
  });
});

test('an interrupted statement rejects, and its connection goes on', { tags: ['OPS-SOUP'] }, async () => {
  await withDatabase(async (connection) => {
    const endless = connection.run(
      'SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE (a.range * b.range) % 7 = 3',
    );
    const outcome = endless.then(
      () => 'ended',
      (error: unknown) => String(error),
    );
    const poke = setInterval(() => connection.interrupt(), 20);
    expect(await outcome).toContain('INTERRUPT');
    clearInterval(poke);
    expect((await connection.runAndReadAll('SELECT 1')).getRows()).toEqual([[1]]);
  });
});

test('a BIGINT as DOUBLE is exact up to 2^53, a DOUBLE and a BLOB come back bit for bit', {
  tags: ['OPS-SOUP'],
}, async () => {
  await withDatabase(async (connection) => {
    const max = Number.MAX_SAFE_INTEGER;
    const exact = await connection.runAndReadAll('SELECT $1::DOUBLE', [BigInt(max)], [BIGINT]);
    expect(exact.getRows()).toEqual([[max]]);
    await connection.run('CREATE TABLE u (a DOUBLE, b BLOB)');
    const bytes = Uint8Array.from({ length: 3_000 }, (_, i) => (i * 31) & 255);
    const appender = await connection.createAppender('u');
    const chunk = DuckDBDataChunk.create([DOUBLE, BLOB], 2);
    chunk.setColumnValues(0, [0.1 + 0.2, null]);
    chunk.setColumnValues(1, [blobValue(bytes), blobValue(new Uint8Array([0]))]);
    appender.appendDataChunk(chunk);
    appender.closeSync();
    const [[value, blob], [none]] = (await valuesOf(connection, 'u')) as [[number, { bytes: Uint8Array }], [null]];
    expect([value, none]).toEqual([0.30000000000000004, null]);
    expect(Buffer.from(blob.bytes).equals(Buffer.from(bytes))).toBe(true);
  });
});

test('integer division rounds down for instants, so that buckets begin at multiples', {
  tags: ['OPS-SOUP', 'ING-GAPS'],
}, async () => {
  await withDatabase(async (connection) => {
    const reader = await connection.runAndReadAll('SELECT (1772331069201::BIGINT // 60000 * 60000)::DOUBLE');
    expect(reader.getRows()).toEqual([[1_772_331_060_000]]);
  });
});

test('the database file has its magic at byte 8', { tags: ['OPS-SOUP'] }, async () => {
  const file = join(folder, 'held.duckdb');
  await withDatabase(async (connection) => {
    await connection.run('CREATE TABLE t (a BIGINT); CHECKPOINT');
    expect(readFileSync(file).toString('latin1', 8, 12)).toBe('DUCK');
  }, file);
});
