// Routes of signing in and out. Class C. Invariants: whatever is wrong with a link is answered alike; a session that ends ends
// its streams. On failure: the log refuses, and nobody is signed in.
import { apiPath, routes, toInstant } from '../../contract/index.ts';
import { type ApiContext, type App, actorOf } from '../context.ts';
import { ProblemError } from '../errors.ts';
import { failedSignInsPerMinuteMax } from '../limits.ts';
import { sessionCookie } from '../plugins/authentication.ts';
import { RateWindow } from '../rate-window.ts';
import { csrfOf, type LiveSession } from '../sessions.ts';
import { signInUrl } from '../sign-in-url.ts';
import { about } from './shared.ts';

/** Signing in by a one-time link, the session, and new links. */
export function addSessionRoutes(app: App, context: ApiContext): void {
  const { sessions, projection } = context;
  const failed = new RateWindow(failedSignInsPerMinuteMax, 60_000, context.ports.clock);

  app.post(
    `${apiPath}/session`,
    {
      schema: routes['POST /session'],
      config: { who: '-', act: 'session.open' },
    },
    async (request, reply) => {
      if (failed.isSpent(request.ip)) throw new ProblemError('locked', 'too many tries', { retryAfterS: 60 });
      const opened = await sessions.redeem(request.body.link);
      if (!opened || !projection.registry.get('user', opened.session.user)) {
        failed.take(request.ip);
        // The same for every cause: nothing is told about what was wrong.
        throw new ProblemError('sign-in-failed', 'this does not sign in');
      }
      const { id, session } = opened;
      request.audit.actor = { kind: 'user', id: session.user, mfa: false };
      about(request, 'session', session.hash.slice(0, 16), null);
      reply.setCookie(sessionCookie, id, { path: '/', httpOnly: true, sameSite: 'strict' });
      return { next: null };
    },
  );

  app.get(`${apiPath}/session`, { schema: routes['GET /session'], config: { who: '*' } }, ({ caller }) => {
    if (caller.kind !== 'user') throw new ProblemError('not-signed-in', 'the local operator has no session');
    return viewOf(caller.sessionId, caller.session, context);
  });

  app.delete(
    `${apiPath}/session`,
    { schema: routes['DELETE /session'], config: { who: '*', act: 'session.close' } },
    async (request, reply) => {
      const { caller } = request;
      if (caller.kind !== 'user') throw new ProblemError('not-signed-in', 'the local operator has no session');
      about(request, 'session', caller.session.hash.slice(0, 16), null);
      await sessions.end(caller.session.hash);
      reply.clearCookie(sessionCookie, { path: '/' }).header('clear-site-data', '"cache", "cookies", "storage"');
      reply.code(204);
      return null;
    },
  );

  app.post(
    `${apiPath}/links`,
    {
      schema: routes['POST /links'],
      config: { who: ['administrator'], act: 'link.create' },
    },
    async (request, reply) => {
      const user = request.body.user ?? (request.caller.kind === 'user' ? request.caller.id : 'demo');
      // A link is its user's key: only who stands at the machine makes one for somebody else.
      if (request.caller.kind === 'user' && user !== actorOf(request).id)
        throw new ProblemError('role', 'a link for somebody else is made at the machine');
      if (!projection.registry.get('user', user)) throw new ProblemError('not-found', 'no such user');
      about(request, 'user', user, null);
      const { token, expiresAt } = await sessions.createLink(user);
      reply.code(201);
      return { link: signInUrl(context.url(), token), expiresAt: toInstant(expiresAt) };
    },
  );
}

function viewOf(sessionId: string, session: LiveSession, { projection, sessions }: ApiContext) {
  const user = projection.registry.get('user', session.user)?.body;
  if (!user) throw new ProblemError('not-signed-in', 'sign in first');
  return {
    user: user.id,
    name: user.name,
    roles: [...user.roles],
    teams: [],
    csrf: csrfOf(sessionId),
    idleMs: sessions.idleMs,
    expiresAt: toInstant(session.expiresAt),
  };
}
