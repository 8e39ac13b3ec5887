import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type LogBatch, registryKey, type TopicName } from '../../../contract/index.ts';
import { Announcer } from '../../../ingest/announcer.ts';
import { Counters } from '../../../ingest/counters.ts';
import { openRegistryView } from '../../../ingest/registry-view.ts';
import { VirtualClock } from '../../../virtual/clock.ts';
import { MemoryLog } from '../../support/memory-log.ts';
import { assignment, bytesOf, device, register } from './fixtures.ts';

/** A log whose answers a test holds back after they were made. */
class SlowLog extends MemoryLog {
  boundsHeld: Promise<void> = Promise.resolve();
  readsHeld: Promise<void> = Promise.resolve();

  override async bounds(topic: TopicName, partition: number) {
    const found = await super.bounds(topic, partition);
    await this.boundsHeld;
    return found;
  }

  override async *read(...args: Parameters<MemoryLog['read']>): AsyncGenerator<LogBatch> {
    for await (const batch of super.read(...args)) {
      await this.readsHeld;
      yield batch;
    }
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await turn();
}

async function setUp() {
  const log = new MemoryLog();
  const clock = new VirtualClock();
  const counters = new Counters();
  const lines: string[] = [];
  const announcer = new Announcer((level, message) => lines.push(`${level} ${message}`), clock);
  await register(log, 'device', device('d-1'));
  await register(log, 'assignment', assignment());
  return { log, clock, counters, lines, ports: { log, clock, counters, announcer } };
}

describe('the registry as ingest knows it', { tags: ['BRK-AUTH', 'CON-SCHEMA'] }, () => {
  test('is read to its end before anything else', async () => {
    const { ports } = await setUp();
    await using view = await openRegistryView(ports);
    expect([view.device('d-1')?.id, view.assignments.isBound('d-1', 'd-1')]).toEqual(['d-1', true]);
  });

  test('an empty one is read too', async () => {
    const { ports } = await setUp();
    await using view = await openRegistryView({ ...ports, log: new MemoryLog() });
    expect(view.device('d-1')).toBeUndefined();
  });

  test('is followed, and whoever misses something has it read to its end', async () => {
    const { log, ports } = await setUp();
    await using view = await openRegistryView(ports);
    const { version } = view;
    const changed: string[] = [];
    view.onDevice = ({ id, revoked }) => changed.push(`${id} ${revoked}`);
    await register(log, 'device', device('d-2'));
    await register(log, 'device', device('d-1', { revoked: true }), 2);
    await view.catchUp();
    expect([view.device('d-2')?.id, changed, view.version]).toEqual(['d-2', ['d-2 false', 'd-1 true'], version + 2]);
  });

  test('what is taken out is gone, and a device then counts as revoked', async () => {
    const { log, ports } = await setUp();
    await using view = await openRegistryView(ports);
    const changed: string[] = [];
    view.onDevice = ({ id, revoked }) => changed.push(`${id} ${revoked}`);
    const empty = new Uint8Array();
    await log.append(
      'registry',
      [
        { key: registryKey('device', 'd-1'), value: empty },
        { key: registryKey('assignment', 'as-1'), value: empty },
      ],
      { lane: 'control' },
    );
    await view.catchUp();
    expect([view.device('d-1'), view.assignments.isBound('d-1', 'd-1'), changed]).toEqual([
      undefined,
      false,
      ['d-1 true'],
    ]);
  });

  test('a record that cannot be read is passed over and told, and those behind it count', async () => {
    const { log, ports, counters, lines } = await setUp();
    await log.append('registry', [{ key: 'device/d-9', value: bytesOf('rubbish') }], { lane: 'control' });
    await register(log, 'device', { ...device('d-8'), kind: 'toaster' } as never);
    await register(log, 'device', device('d-2'));
    await using view = await openRegistryView(ports);
    expect([view.device('d-2')?.id, view.device('d-8'), counters.get('registry-poisoned'), lines.length]).toEqual([
      'd-2',
      undefined,
      2,
      1,
    ]);
  });

  test('a log that cannot be read is tried again; a look-up meanwhile is not answered with no', async () => {
    const { log, clock, ports } = await setUp();
    await using view = await openRegistryView(ports);
    log.unreadable = true;
    await register(log, 'device', device('d-2'));
    await expect(view.catchUp()).rejects.toMatchObject({ code: 'INGEST_REGISTRY_UNAVAILABLE' });
    log.unreadable = false;
    await clock.advance(1_000);
    await view.catchUp();
    expect(view.device('d-2')?.id).toBe('d-2');
  });

  test('a log that does not answer is waited for 4 s', async () => {
    const { log, clock, ports } = await setUp();
    const connection = log.connect();
    await using view = await openRegistryView({ ...ports, log: connection });
    connection.freeze();
    const outcome = view.catchUp().catch((error: { code?: string }) => error.code);
    await clock.advance(4_000);
    expect(await outcome).toBe('INGEST_REGISTRY_UNAVAILABLE');
    connection.thaw();
  });

  test('who comes while it is being read asks again: its end may have moved', async () => {
    const { ports } = await setUp();
    const log = new SlowLog();
    await using view = await openRegistryView({ ...ports, log });
    const [bounds, reads] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    log.boundsHeld = bounds.promise;
    log.readsHeld = reads.promise;
    const first = view.catchUp();
    await settle();
    await register(log, 'device', device('d-2'));
    const second = view.catchUp().then(() => view.device('d-2')?.id);
    bounds.resolve();
    await settle();
    reads.resolve();
    await first;
    expect(await second).toBe('d-2');
  });

  test('compaction behind the reader does not stop it', async () => {
    const { log, clock, ports } = await setUp();
    for (let i = 0; i < 5; i++) await register(log, 'device', device('d-1'), i + 2);
    await using view = await openRegistryView(ports);
    log.trim('registry', 0, 6);
    await register(log, 'device', device('d-2'));
    await clock.advance(1_000);
    await view.catchUp();
    expect(view.device('d-2')?.id).toBe('d-2');
  });
});
