// The peer of the store bench: SQLite as it comes with Node, same rows, same questions, one index, every commit on disk.
import { DatabaseSync } from 'node:sqlite';
import type { NumericRow } from '../../../contract/index.ts';

export class SqliteRows implements Disposable {
  readonly #database: DatabaseSync;
  readonly #insert: ReturnType<DatabaseSync['prepare']>;

  constructor(file: string) {
    this.#database = new DatabaseSync(file);
    this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
      CREATE TABLE names (code INTEGER PRIMARY KEY, name TEXT UNIQUE);
      CREATE TABLE numerics (patient INTEGER, device INTEGER, boot INTEGER, seq INTEGER, vital INTEGER, value REAL,
        bound INTEGER, absent INTEGER, quality INTEGER, clock INTEGER, taken_at INTEGER, received_at INTEGER,
        accepted_at INTEGER, effective_at INTEGER, log_partition INTEGER, log_position INTEGER, hash INTEGER,
        unit INTEGER, reported REAL, UNIQUE (device, boot, seq));
      CREATE INDEX by_time ON numerics (patient, vital, effective_at);`);
    this.#insert = this.#database.prepare(
      `INSERT OR IGNORE INTO numerics VALUES (${Array.from({ length: 19 }, () => '?').join()})`,
    );
  }

  readonly #codes = new Map<string, number>();

  #codeOf(name: string): number {
    const known = this.#codes.get(name);
    if (known !== undefined) return known;
    const code = this.#codes.size;
    this.#database.prepare('INSERT INTO names VALUES (?, ?)').run(code, name);
    this.#codes.set(name, code);
    return code;
  }

  write(rows: readonly NumericRow[]): void {
    this.#database.exec('BEGIN');
    for (const row of rows) {
      const { boot, seq, vital, value, bound, absent, quality, clock, takenAt, receivedAt, acceptedAt } = row;
      const { effectiveAt, partition, position, hash, unit, reported } = row;
      const who = [this.#codeOf(row.patient), this.#codeOf(row.device)];
      const what = [boot, seq, vital, value, bound, absent, quality, clock];
      const when = [takenAt, receivedAt, acceptedAt, effectiveAt];
      this.#insert.run(...who, ...what, ...when, partition, position, hash, unit, reported);
    }
    this.#database.exec('COMMIT');
  }

  latest(patient: string): unknown {
    return this.#database
      .prepare('SELECT vital, max(effective_at), value FROM numerics WHERE patient = ? GROUP BY vital')
      .all(this.#codeOf(patient));
  }

  range(patient: string, vital: number, from: number, to: number): unknown[] {
    return this.#database
      .prepare(
        `SELECT device, boot, seq, value, quality, taken_at, received_at, accepted_at, effective_at, log_position
         FROM numerics WHERE patient = ? AND vital = ? AND effective_at >= ? AND effective_at < ?
         ORDER BY effective_at, device, boot, seq`,
      )
      .all(this.#codeOf(patient), vital, from, to);
  }

  newest(patient: string, vital: number, from: number, to: number, limit: number): unknown[] {
    return this.#database
      .prepare(
        `SELECT device, boot, seq, value, quality, taken_at, received_at, accepted_at, effective_at, log_position
         FROM numerics WHERE patient = ? AND vital = ? AND effective_at >= ? AND effective_at < ?
         ORDER BY effective_at DESC, device DESC, boot DESC, seq DESC LIMIT ?`,
      )
      .all(this.#codeOf(patient), vital, from, to, limit);
  }

  series(patient: string, vital: number, from: number, to: number, bucketMs: number): unknown[] {
    return this.#database
      .prepare(
        `SELECT effective_at / ? * ? AS at, min(value), max(value), avg(value), count(*) FROM numerics
         WHERE patient = ? AND vital = ? AND effective_at >= ? AND effective_at < ? AND value IS NOT NULL AND quality < 2
         GROUP BY 1 ORDER BY 1`,
      )
      .all(bucketMs, bucketMs, this.#codeOf(patient), vital, from, to);
  }

  /** Everything into the one file. */
  checkpoint(): void {
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}
