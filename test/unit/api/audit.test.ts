import { describe, expect, test } from 'vitest';
import { canonical, chainRoot, rowHash } from '../../../api/audit/chain.ts';
import { type AuditTrail, openTrail } from '../../../api/audit/trail.ts';
import { verifyAudit } from '../../../api/audit/verify.ts';
import { auditRowsMax } from '../../../api/limits.ts';
import { type AuditRow, encodeRecord, type LogRecord } from '../../../contract/index.ts';
import { TestClock, until } from '../../support/api.ts';
import { MemoryLog } from '../../support/memory-log.ts';

const options = { installation: 'i-1', chain: 'api-1', configHash: 'c' };
const entry = (id: string) => ({
  actor: { kind: 'user' as const, id: 'demo', mfa: false },
  act: 'alert.ack',
  obj: { kind: 'alert', id, patient: 'p-5' },
  out: 'ok' as const,
  why: null,
  from: '127.0.0.1',
  body: null,
});

/** A log with rows 1 to `count` of one chain. */
async function written(count: number): Promise<MemoryLog> {
  const log = new MemoryLog();
  await using trail = await openTrail(options, log, new TestClock());
  for (let i = 1; i <= count; i++) await trail.record(entry(`a-${i}`));
  return log;
}

const rowOf = ({ value }: LogRecord) => JSON.parse(new TextDecoder().decode(value).split('\n')[1] ?? '');

describe('the audit trail', () => {
  test('is a chain from its root that verifies', { tags: ['SEC-AUDIT'] }, async () => {
    const log = await written(5);
    const rows = log.records('audit').map(rowOf);
    expect(rows.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5]);
    expect(rows[0].prev).toBe(chainRoot('i-1', 'api-1').hash);
    expect(await verifyAudit(log, 'i-1')).toMatchObject({ ok: true, rows: 5, firstBroken: null });
  });

  test('goes on after a restart where the log says that it ended', { tags: ['SEC-AUDIT'] }, async () => {
    const log = await written(3);
    await using trail = await openTrail(options, log, new TestClock());
    await trail.record(entry('a-4'));
    expect(await verifyAudit(log, 'i-1')).toMatchObject({ ok: true, rows: 4, ends: { 'api-1': { n: 4 } } });
  });

  test('is found to be another installation', { tags: ['SEC-AUDIT'] }, async () => {
    const log = await written(2);
    expect(await verifyAudit(log, 'i-2')).toMatchObject({ ok: false, firstBroken: { n: 1, why: 'not-linked' } });
  });

  test.for([
    ['altered', 3, 'altered', (log: MemoryLog) => change(log, 3, (row) => ({ ...row, act: 'nothing' }))],
    [
      'altered with its hash',
      4,
      'not-linked',
      (log: MemoryLog) => change(log, 3, (row) => rehashed({ ...row, out: 'refused' })),
    ],
    [
      'deleted',
      4,
      'gap',
      (log: MemoryLog) => log.tamper('audit', 0, (record) => (rowOf(record).n === 3 ? undefined : record)),
    ],
    ['made no row', null, 'unreadable', (log: MemoryLog) => change(log, 3, () => ({ v: 1 }))],
  ] as const)('names the first broken row when one was %s', { tags: ['SEC-AUDIT'] }, async ([, n, why, tamper]) => {
    const log = await written(5);
    tamper(log);
    expect((await verifyAudit(log, 'i-1')).firstBroken).toMatchObject({ n, why });
  });

  test('names the first row that is out of order', { tags: ['SEC-AUDIT'] }, async () => {
    const log = await written(4);
    const [, second, third] = log.records('audit');
    log.tamper('audit', 0, (record) =>
      record === second
        ? { ...record, value: third?.value ?? record.value }
        : record === third
          ? { ...record, value: second?.value ?? record.value }
          : record,
    );
    expect((await verifyAudit(log, 'i-1')).firstBroken).toMatchObject({ n: 3, why: 'gap' });
  });

  test('sends the same rows again until they are durable; a copy is no fault', { tags: ['SEC-AUDIT'] }, async () => {
    const log = new MemoryLog();
    await using trail = await openTrail(options, log, new TestClock(20));
    for (const refusal of ['lost', 'partly', 'kept'] as const) {
      let refused = 0;
      log.refuse = () => (refused++ < 2 ? refusal : undefined);
      await Promise.all([trail.record(entry(`${refusal}-1`)), trail.record(entry(`${refusal}-2`))]);
    }
    log.refuse = undefined;
    expect(await verifyAudit(log, 'i-1')).toMatchObject({ ok: true, rows: 6 });
    expect(log.records('audit').length).toBeGreaterThan(6);
  });

  test('that cannot be written says so to whoever must not go on', { tags: ['SEC-AUDIT'] }, async () => {
    const log = new MemoryLog();
    const trail = await openTrail(options, log, new TestClock(50));
    log.refuse = () => 'lost';
    await expect(trail.record(entry('a-1'))).rejects.toMatchObject({ code: 'audit-down' });
    expect(trail.isDown).toBe(true);
    log.refuse = undefined;
    // The row was told, so it stands in the chain all the same.
    await until(() => log.records('audit').length === 1);
    expect(trail.isDown).toBe(false);
    await trail[Symbol.asyncDispose]();
  });

  test('counts what did not fit, as a row', { tags: ['SEC-AUDIT'] }, async () => {
    const log = new MemoryLog();
    log.refuse = () => 'lost';
    const trail: AuditTrail = await openTrail(options, log, new TestClock(50));
    for (let i = 0; i < auditRowsMax + 3; i++) trail.note(entry(`a-${i}`));
    expect(trail.counters.lost).toBe(3);
    log.refuse = undefined;
    await until(() => trail.counters.waiting === 0);
    await trail[Symbol.asyncDispose]();
    const lost = log
      .records('audit')
      .map(rowOf)
      .filter(({ act }) => act === 'audit.rows-lost');
    expect(lost.map(({ obj }) => obj.id)).toEqual(['3']);
    expect((await verifyAudit(log, 'i-1')).ok).toBe(true);
  });
});

function change(log: MemoryLog, n: number, to: (row: Record<string, unknown>) => object): void {
  log.tamper('audit', 0, (record) => {
    const row = rowOf(record);
    if (row.n !== n) return record;
    return {
      ...record,
      value: encodeRecord({ v: 1, kind: 'audit', chain: 'api-1', n }, new TextEncoder().encode(canonical(to(row)))),
    };
  });
}

/** A forger who knows how the hash is made. */
function rehashed({ hash: _, ...row }: Record<string, unknown>): object {
  return { ...row, hash: rowHash(row as Omit<AuditRow, 'hash'>) };
}
