import { describe, expect, test } from 'vitest';
import { linkForMs, sessionForMs, sessionIdleMs } from '../../../api/limits.ts';
import { csrfOf, Sessions } from '../../../api/sessions.ts';
import { countingRandom } from '../../support/api.ts';
import { MemoryLog } from '../../support/memory-log.ts';

function opened(idleMs: number | null = null, log = new MemoryLog()) {
  const time = { now: 1_000_000 };
  const sessions = new Sessions({ log, random: countingRandom(), now: () => time.now }, idleMs);
  return { log, time, sessions };
}

describe('a sign-in link', () => {
  test('signs in once', async () => {
    const { sessions } = opened();
    const { token } = await sessions.createLink('demo');
    const first = await sessions.redeem(token);
    expect(first?.session.user).toBe('demo');
    expect(await sessions.redeem(token)).toBeUndefined();
  });

  test('signs in one of two who come at once', async () => {
    const { sessions } = opened();
    const { token } = await sessions.createLink('demo');
    const both = await Promise.all([sessions.redeem(token), sessions.redeem(token)]);
    expect(both.filter((each) => each !== undefined).length).toBe(1);
  });

  test('expires', async () => {
    const { sessions, time } = opened();
    const good = await sessions.createLink('demo');
    const late = await sessions.createLink('demo');
    time.now += linkForMs - 1;
    expect(await sessions.redeem(good.token)).toBeDefined();
    time.now += 1;
    expect(await sessions.redeem(late.token)).toBeUndefined();
  });

  test('is used up in the log too, and no secret stands there', { tags: ['SEC-LOG'] }, async () => {
    const { log, sessions } = opened();
    const { token } = await sessions.createLink('demo');
    const signedIn = await sessions.redeem(token);
    const bytes = log
      .records('sessions')
      .map(({ key, value }) => key + new TextDecoder().decode(value))
      .join('\n');
    expect(bytes).not.toContain(token);
    expect(bytes).not.toContain(signedIn?.id);
    // Another process, or this one after a restart, knows what the log says.
    const { sessions: other } = opened(null, new MemoryLog());
    for (const record of log.records('sessions')) other.take(record);
    expect(await other.redeem(token)).toBeUndefined();
    expect(other.find(signedIn?.id ?? '')?.user).toBe('demo');
  });

  test('that the log does not take gives no session', async () => {
    const { log, sessions } = opened();
    const { token } = await sessions.createLink('demo');
    log.refuse = () => 'lost';
    await expect(sessions.redeem(token)).rejects.toMatchObject({ code: 'LOG_UNAVAILABLE' });
    log.refuse = undefined;
    expect(await sessions.redeem(token)).toBeUndefined();
  });
});

describe('a session', () => {
  async function signedIn(idleMs: number | null = null) {
    const made = opened(idleMs);
    const { token } = await made.sessions.createLink('demo');
    const { id = '', session } = (await made.sessions.redeem(token)) ?? {};
    return { ...made, id, session };
  }

  test('ends after its time, whatever its user does', async () => {
    const { sessions, time, id } = await signedIn();
    time.now += sessionForMs - 1;
    expect(sessions.find(id)).toBeDefined();
    time.now += 1;
    expect(sessions.find(id)).toBeUndefined();
  });

  test('ends by idling where it does', async () => {
    const { sessions, time, id, session } = await signedIn(sessionIdleMs);
    time.now += sessionIdleMs - 1;
    expect(sessions.find(id)).toBeDefined();
    if (session) session.usedAt = time.now;
    time.now += sessionIdleMs;
    expect(sessions.find(id)).toBeUndefined();
  });

  test('that was ended is gone at once, and stays so in the log', async () => {
    const { sessions, log, id, session } = await signedIn();
    const told: string[] = [];
    sessions.onEnd((hash) => told.push(hash));
    await sessions.end(session?.hash ?? '');
    expect(sessions.find(id)).toBeUndefined();
    expect(told).toEqual([session?.hash]);
    const { sessions: other } = opened();
    for (const record of log.records('sessions')) other.take(record);
    expect(other.find(id)).toBeUndefined();
  });

  test('has a token of its own for changing calls', () => {
    expect(csrfOf('one')).not.toBe(csrfOf('two'));
    expect(csrfOf('one')).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });
});
