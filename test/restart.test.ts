// The real program, killed, held down and started again on the same folder. Both tests mostly wait: they run side by side.
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'vitest';
import { startProgram } from './support/program.ts';
import { until } from './support/until.ts';
import { allWatched, desaturated, kitNamed, logOf } from './support/watched-ward.ts';

describe.concurrent('killed at any moment', () => {
  test('the same alerts are open, none is raised twice, and the time that nobody watched is named', {
    tags: ['ALR-STATE', 'ALR-EPISODE', 'SYS-COVERAGE'],
    timeout: 300_000,
  }, async ({ expect }) => {
    await using first = await startProgram({ simulate: true });
    const nurse = await first.signIn();
    await allWatched(nurse, 8);
    {
      await using stream = await nurse.stream();
      const [taken] = await Promise.all(['kit-2', 'kit-4'].map((kit) => desaturated(first, stream, kit)));
      const { id, revision, patient } = taken?.data.alert ?? {};
      await nurse.send('POST', `/alerts/${id}/acknowledge`, { revision, patient: patient.id });
      await stream.find('taken', (event) => event.data.event?.type === 'acknowledged');
    }
    const before = (await nurse.get('/alerts')).body.items;
    expect(before.map(({ state }: { state: string }) => state).sort()).toEqual(
      expect.arrayContaining(['acknowledged', 'active']),
    );
    await first.kill();
    const killedAt = Date.now();
    await sleep(5_000);
    const startedAt = Date.now();

    await using again = await startProgram({ dataFolder: first.dataFolder, simulate: true });
    const back = await again.signIn();
    const opened = await back.stream();
    const { data: snapshot } = await opened.find('the snapshot', ({ event }) => event === 'snapshot');
    const open = (alerts: readonly { id: string; revision: number; state: string }[]) =>
      alerts.filter(({ state }) => state !== 'closed').map(({ id, state }) => `${id} ${state}`);
    expect(open(snapshot.alerts)).toEqual(expect.arrayContaining(open(before)));

    const blind = await until('the blind time in the log', async () => {
      const inputs = await logOf(again, 'inputs');
      const found = inputs.filter(({ header }) => header.kind === 'blind').map(({ body }) => body);
      const ticks = inputs.filter(({ header }) => header.kind === 'tick').map(({ body }) => body.utc as number);
      return found.length > 0 && { found, ticks };
    });
    const { fromUtc, toUtc, cause } = blind.found.at(-1);
    const lastBefore = Math.max(...blind.ticks.filter((utc) => utc <= killedAt));
    const firstAfter = Math.min(...blind.ticks.filter((utc) => utc > killedAt));
    expect(cause).toBe('restart');
    expect(Math.abs(fromUtc - lastBefore)).toBeLessThanOrEqual(1_000);
    expect(Math.abs(toUtc - firstAfter)).toBeLessThanOrEqual(1_000);
    expect(toUtc - fromUtc).toBeGreaterThanOrEqual(startedAt - killedAt);
    const shown = await until('the range is shown', async () => (await back.get('/monitoring')).body.unwatched[0]);
    expect(shown).toMatchObject({ from: new Date(fromUtc).toISOString(), to: new Date(toUtc).toISOString() });
    await opened.find(
      'each tile names it',
      ({ event, data }) =>
        (event === 'tile' && data.unwatched.length > 0) ||
        (event === 'snapshot' && data.tiles.every((tile: { unwatched: unknown[] }) => tile.unwatched.length > 0)),
    );
    await opened[Symbol.asyncDispose]();

    await allWatched(back, 8);
    const raised = (await logOf(again, 'alerts')).flatMap(({ body }) => (body?.type === 'raised' ? [body.alert] : []));
    const ids = raised.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    // One fall is one alert, though the reading that raised it was judged by two processes.
    const low = before.filter(({ family }: { family: string }) => family === 'spo2-low');
    expect(low.length).toBeGreaterThanOrEqual(2);
    for (const { patient } of low)
      expect(raised.filter((one) => one.family === 'spo2-low' && one.patient === patient.id)).toHaveLength(1);
    for (const { id } of before) expect(ids).toContain(id);
    expect(await again.stop('SIGTERM')).toBe(0);
  });

  test('held down, no alert appears; when it may run again it says what it missed', {
    tags: ['ALR-WATCHDOG', 'SYS-SAFE'],
    timeout: 300_000,
  }, async ({ expect }) => {
    await using program = await startProgram({ simulate: true });
    const nurse = await program.signIn();
    await allWatched(nurse, 8);
    const stream = await nurse.stream();
    process.kill(program.parentPid, 'SIGSTOP');
    process.kill(program.childPid, 'SIGKILL');
    await until('the stream ends', () => stream.ended);
    const alerts = await logOf(program, 'alerts');
    expect((await program.run('sim', 'desaturate', 'kit-2')).code).toBe(0);
    // The patient's saturation is below the limit for longer than the rule asks for, and the kit cannot say so.
    await until(
      'the kit has half a minute of readings that nobody took',
      async () => (await kitNamed(program, 'kit-2')).waiting >= 40,
      { withinMs: 120_000, everyMs: 1_000 },
    );
    expect(await logOf(program, 'alerts')).toHaveLength(alerts.length);
    await expect(nurse.get('/alerts')).rejects.toThrow();
    expect((await program.run('status')).code).toBe(4);

    process.kill(program.parentPid, 'SIGCONT');
    const ready = await until('another child serves', async () => {
      const now = await program.ready();
      return now.pid !== program.childPid && now;
    });
    expect(ready.pid).not.toBe(program.childPid);
    const back = await until('sign-in works again', () => program.signIn());
    const [gap] = await until('what nobody watched', async () => {
      const { unwatched } = (await back.get('/monitoring')).body;
      return unwatched.length > 0 && unwatched;
    });
    expect(Date.parse(gap.to)).toBeGreaterThan(Date.parse(gap.from));
    await stream[Symbol.asyncDispose]();
  });
});
