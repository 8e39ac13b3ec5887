// Who calls: the cookie's session, or on the local socket the operator at the machine. Class C. Invariants: an ended or
// unknown session is nobody; a changing call of a browser proves that our own page made it.
import cookie from '@fastify/cookie';
import type { FastifyRequest } from 'fastify';
import { csrfHeader } from '../../contract/index.ts';
import type { ApiContext, App, Caller } from '../context.ts';
import { ProblemError } from '../errors.ts';
import { requestsPerMinuteMax } from '../limits.ts';
import { RateWindow } from '../rate-window.ts';
import { csrfOf } from '../sessions.ts';

/** On plain loopback a cookie can be neither `Secure` nor `__Host-`. */
export const sessionCookie = 'vigil_test';

const safeMethods = new Set(['GET', 'HEAD']);

export async function addAuthentication(app: App, context: ApiContext, isLocal: boolean): Promise<void> {
  await app.register(cookie);
  const rate = new RateWindow(requestsPerMinuteMax, 60_000, context.ports.clock);
  app.decorateRequest('caller');
  app.decorateRequest('audit');
  app.addHook('onRequest', (request, _reply, done) => {
    request.audit = {};
    request.caller = isLocal ? localOperator() : callerOf(request, context);
    done(faultOf(request, rate));
  });
}

/** Why a session's call is not taken; undefined if it is. */
function faultOf({ caller, method, headers }: FastifyRequest, rate: RateWindow): ProblemError | undefined {
  if (caller.kind !== 'user') return undefined;
  if (!rate.take(caller.session.hash)) return new ProblemError('rate', 'too many requests', { retryAfterS: 60 });
  if (safeMethods.has(method) || headers[csrfHeader] === csrfOf(caller.sessionId)) return undefined;
  return new ProblemError('csrf', `the header ${csrfHeader} is missing or wrong`);
}

function localOperator(): Caller {
  return { kind: 'local', uid: process.getuid?.() ?? 0, roles: ['technician', 'administrator'] };
}

function callerOf(request: FastifyRequest, { sessions, projection }: ApiContext): Caller {
  const sessionId = request.cookies[sessionCookie];
  const session = sessionId === undefined ? undefined : sessions.find(sessionId);
  const user = session && projection.registry.get('user', session.user)?.body;
  if (sessionId === undefined || !session || !user) return { kind: 'anonymous' };
  session.usedAt = projection.time.now();
  return { kind: 'user', id: user.id, roles: user.roles, sessionId, session };
}
