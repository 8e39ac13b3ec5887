// What the caller may do (SEC-RBAC) and what is written down about it (SEC-AUDIT). Class C. Invariants: a route that does
// not say who may use it stops the start, a changing route that does not say what it is called too; a denial is a row; the
// row of a change is durable before the change is answered. On failure: without an audit trail nothing is changed.
import type { FastifyReply, FastifyRequest, RouteHandlerMethod, RouteOptions } from 'fastify';
import { canonical, sha256 } from '../audit/chain.ts';
import { type ApiContext, type App, actorOf, type Caller, type Who } from '../context.ts';
import { AuditDownError, ProblemError, UndeclaredRouteError } from '../errors.ts';
import { Idempotency } from '../idempotency.ts';

/** A route as it was declared. */
export interface DeclaredRoute {
  readonly method: string;
  readonly url: string;
  readonly who: Who;
  readonly localInTest: boolean;
}

/** Checks every route when it is registered, and every call; gives the list of what was declared. */
export function addAuthorisation(app: App, context: ApiContext): readonly DeclaredRoute[] {
  const declared: DeclaredRoute[] = [];
  const idempotency = new Idempotency(context.ports.clock);
  app.addHook('onRoute', (route) => {
    declared.push(...declare(route));
    const act = route.config?.act;
    if (act !== undefined) route.handler = audited(act, isChange(route), route.handler, context);
    if (isChange(route)) route.handler = idempotency.wrap(route.handler);
  });
  app.addHook('preValidation', (request, _reply, done) => {
    const { who, localInTest } = request.routeOptions.config;
    // What is no route at all: the answer is `not-found`, whoever asks.
    if (who === undefined) return done();
    const why = refusalOf(request.caller, who, localInTest === true && context.options.realm === 'test');
    if (why === undefined) return done();
    deny(request, why, context);
    done(new ProblemError(why, why === 'not-signed-in' ? 'sign in first' : 'not for this role'));
  });
  return declared;
}

function isChange({ method }: RouteOptions): boolean {
  return [method].flat().some((each) => each !== 'GET' && each !== 'HEAD');
}

function declare(route: RouteOptions): DeclaredRoute[] {
  const { who, act, localInTest = false } = route.config ?? {};
  const methods = [route.method].flat();
  if (who === undefined || (isChange(route) && act === undefined))
    throw new UndeclaredRouteError(methods.join(), route.url);
  return methods.map((method) => ({ method, url: route.url, who, localInTest }));
}

/** Why the caller may not; undefined if they may. */
export function refusalOf(caller: Caller, who: Who, localToo: boolean): 'not-signed-in' | 'role' | undefined {
  if (who === '-') return undefined;
  if (caller.kind === 'anonymous') return 'not-signed-in';
  if (who === '*' || (caller.kind === 'local' && localToo)) return undefined;
  return caller.roles.some((role) => who.includes(role)) ? undefined : 'role';
}

function deny(request: FastifyRequest, why: string, { trail }: ApiContext): void {
  const { act, who } = request.routeOptions.config;
  const row = { actor: actorOf(request), from: addressOf(request), body: null, why, out: 'denied' as const };
  if (who !== undefined)
    trail.note({ ...row, act: act ?? `${request.method} ${request.routeOptions.url ?? ''}`, obj: null });
}

/** The handler with its row around it. */
function audited(act: string, change: boolean, handler: RouteHandlerMethod, { trail }: ApiContext): RouteHandlerMethod {
  return async function (this: App, request: FastifyRequest, reply: FastifyReply) {
    if (change && trail.isDown) throw new AuditDownError();
    const tell = async (out: 'ok' | 'pending' | 'refused' | 'failed', why: string | null) => {
      const { obj = null, actor = actorOf(request), change: changed } = request.audit;
      const body = changed ? sha256(canonical({ before: changed.before ?? null, after: changed.after ?? null })) : null;
      const row = { actor, act, obj, out: request.audit.out ?? out, why, from: addressOf(request), body };
      if (change) await trail.record(row);
      else trail.note(row);
    };
    let answer: unknown;
    try {
      answer = await handler.call(this, request, reply);
    } catch (error) {
      const isRefusal = error instanceof ProblemError && error.status < 500;
      await tell(isRefusal ? 'refused' : 'failed', error instanceof ProblemError ? error.code : 'failed');
      throw error;
    }
    await tell(reply.statusCode === 202 ? 'pending' : 'ok', null);
    return answer;
  } as RouteHandlerMethod;
}

function addressOf({ caller, ip }: FastifyRequest): string {
  return caller.kind === 'local' ? 'local' : ip;
}
