import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { startWatchdog } from '../../alerting/watchdog.ts';

const deadlineMs = 30_000;

async function startChild() {
  const path = fileURLToPath(new URL('./alerting-watchdog-child.ts', import.meta.url));
  const child = fork(path, { execArgv: [], execPath: process.execPath });
  const [{ port }] = (await once(child, 'message', { signal: AbortSignal.timeout(deadlineMs) })) as [{ port: number }];
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
  return {
    child,
    ended,
    ask: (page: string) => ask(port, page),
    [Symbol.asyncDispose]: () => end(child, ended),
  };
}

async function end(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGCONT');
    child.kill('SIGKILL');
  }
  await ended;
}

async function ask(port: number, page: string): Promise<{ status: number; text: string }> {
  const signal = AbortSignal.timeout(5_000);
  const response = await fetch(`http://127.0.0.1:${port}${page}`, { signal });
  return { status: response.status, text: await response.text() };
}

/** Asks until the answer is what is waited for. */
async function until(question: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + deadlineMs; performance.now() < end; ) {
    if (await question()) return;
    await sleep(50);
  }
  throw new Error('it did not come in time');
}

describe('the watchdog thread', () => {
  test('speaks for a process whose event loop is stuck, then ends it', {
    tags: ['ALR-WATCHDOG', 'SYS-SAFE'],
  }, async () => {
    await using it = await startChild();
    await until(async () => (await it.ask('/monitoringz')).status === 200);
    expect((await it.ask('/readyz')).status).toBe(200);
    it.child.send(3_600_000);
    await until(async () => (await it.ask('/monitoringz')).status === 503);
    const [monitoring, ready, health, metrics] = await Promise.all(
      ['/monitoringz', '/readyz', '/healthz', '/metrics'].map((page) => it.ask(page)),
    );
    expect(JSON.parse(monitoring?.text ?? '')).toMatchObject({
      state: 'not-monitored',
      system: true,
      causes: ['engine-stuck'],
      patients: { monitored: 0, degraded: 0, notMonitored: 8 },
    });
    expect({ ready: ready?.status, health: health?.status }).toEqual({ ready: 503, health: 200 });
    expect(metrics?.text).toContain('vigil_engine_stuck 1\n');
    const [code, signal] = await it.ended;
    expect({ code, signal }).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('takes it back when the event loop comes back, and counts it', { tags: ['ALR-WATCHDOG'] }, async () => {
    await using it = await startChild();
    it.child.send(4_000);
    await until(async () => (await it.ask('/monitoringz')).status === 503);
    const [answer] = (await once(it.child, 'message', { signal: AbortSignal.timeout(deadlineMs) })) as [object];
    await until(async () => (await it.ask('/monitoringz')).status === 200);
    expect(answer).toEqual({ timesStuck: 1 });
  });

  test('does not take a stopped process for a stuck engine', { tags: ['ALR-WATCHDOG'] }, async () => {
    await using it = await startChild();
    it.child.kill('SIGSTOP');
    await sleep(7_000);
    it.child.kill('SIGCONT');
    await until(async () => (await it.ask('/monitoringz')).status === 200);
    it.child.send(0);
    const [answer] = (await once(it.child, 'message', { signal: AbortSignal.timeout(deadlineMs) })) as [object];
    expect(answer).toEqual({ timesStuck: 0 });
  });
});

describe('the operations port', () => {
  async function taken() {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    return { port, [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())) };
  }

  test('a port that was named and is taken stops the start', { tags: ['SYS-CONFIG'] }, async () => {
    await using other = await taken();
    const started = startWatchdog({ opsHost: '127.0.0.1', opsPort: other.port });
    await expect(started).rejects.toMatchObject({ code: 'ALERTING_OPS_PORT' });
  });

  test('a default that is taken moves to the next free one', { tags: ['SYS-CONFIG'] }, async () => {
    await using other = await taken();
    await using watchdog = await startWatchdog({ opsHost: '127.0.0.1', opsPort: other.port, anyPort: true });
    expect(watchdog.port).toBeGreaterThan(other.port);
    expect((await ask(watchdog.port, '/healthz')).status).toBe(200);
  });

  test('nobody is watched before the first snapshot, and nothing listens after the end', {
    tags: ['SYS-SAFE'],
  }, async () => {
    const watchdog = await startWatchdog({ opsHost: '127.0.0.1', opsPort: 0 });
    const { status, text } = await ask(watchdog.port, '/monitoringz');
    await watchdog[Symbol.asyncDispose]();
    expect({ status, causes: (JSON.parse(text) as { causes: unknown }).causes }).toEqual({
      status: 503,
      causes: ['starting'],
    });
    await expect(ask(watchdog.port, '/healthz')).rejects.toThrow();
  });
});
