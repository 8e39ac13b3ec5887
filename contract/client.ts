// The client of the HTTP API for browsers and programs: a few functions over `fetch`, typed by the one table of routes. It
// keeps no state but the session's CSRF token, has a deadline on each call, and never calls twice what may have been done.
// Types alone come from the schemas: no schema reaches the browser.
import type { z } from 'zod';
import type { Problem } from './http.ts';
import type { ProblemStatus, RouteName, Routes } from './http-routes.ts';
import { apiPath, csrfHeader, type ProblemCode } from './http-tables.ts';

/** The API answers within 10 s, even for a store that is silent; what takes longer is a network that is gone. */
const answerWithinMs = 12_000;

type Part<R extends RouteName, K extends string> = Routes[R] extends { readonly [key in K]: infer S extends z.ZodType }
  ? z.input<S>
  : undefined;
type Responses<R extends RouteName> = Routes[R]['response'];
type Status<R extends RouteName> = Exclude<Extract<keyof Responses<R>, number>, ProblemStatus>;
/** Keys of a part that has to be there; `name?` where all of it may be left out. */
type Given<K extends string, T> = T extends undefined
  ? { readonly [key in K]?: never }
  : Record<never, never> extends T
    ? { readonly [key in K]?: T }
    : { readonly [key in K]: T };

/** Routes that answer with JSON or nothing; the stream does not. */
export type CallableRoute = { [R in RouteName]: [Status<R>] extends [never] ? never : R }[RouteName];

/** What every call may say beside what its route takes. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly withinMs?: number;
}

/** What a call of a route has to say: path parameters, query, body, and the revision that was seen where one is changed. */
export type CallOf<R extends RouteName> = Given<'params', Part<R, 'params'>> &
  Given<'query', Part<R, 'querystring'>> &
  (Part<R, 'body'> extends undefined ? { readonly body?: never } : { readonly body: Part<R, 'body'> }) &
  (R extends `PATCH ${string}` ? { readonly revision: number } : { readonly revision?: never }) &
  /** A UUID of the caller's own, to ask again for an answer that was not heard; else each call is one of its own. */
  (R extends `POST ${string}` ? { readonly idempotencyKey?: string } : { readonly idempotencyKey?: never }) &
  CallOptions;

/** An answer of a route, told apart by its status. `revision`: of the object in the body, where it has one. */
export type AnswerOf<R extends RouteName> = {
  readonly [S in Status<R>]: {
    readonly status: S;
    readonly body: Responses<R>[S] extends infer B extends z.ZodType ? z.output<B> : never;
    readonly revision: number | undefined;
  };
}[Status<R>];

type Arguments<T> = Record<never, never> extends T ? [call?: T] : [call: T];

/** What the client needs of `fetch`. */
export type Fetch = (
  url: string,
  init: { method: string; headers: Record<string, string>; body?: string; signal: AbortSignal },
) => Promise<{
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}>;

export interface ClientOptions {
  /** Scheme, host and port; the page's own without. */
  readonly origin?: string;
  /** Headers of every call, such as a cookie where no browser keeps one. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch?: Fetch;
}

export interface ApiClient {
  /** One call. Throws `ProblemAnswerError` for a problem, `NoAnswerError` when nothing usable came in time. */
  call<R extends CallableRoute>(route: R, ...call: Arguments<CallOf<R>>): Promise<AnswerOf<R>>;
}

/** The API said no, and why. `code` and status are those of the problem. */
export class ProblemAnswerError extends Error {
  readonly code: ProblemCode;
  readonly status: number;
  readonly problem: Problem;
  /** When to ask again, where the answer said so. */
  readonly retryAfterMs: number | undefined;
  constructor(problem: Problem, retryAfterMs: number | undefined) {
    super(`${problem.code}: ${problem.detail}`);
    this.name = 'ProblemAnswerError';
    this.code = problem.code;
    this.status = problem.status;
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Nobody answered in time, or not as the API does. A changing call may have been done all the same. */
export class NoAnswerError extends Error {
  readonly code = 'CLIENT_NO_ANSWER';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NoAnswerError';
  }
}

type Loose = {
  readonly params?: Readonly<Record<string, string>> | undefined;
  readonly query?: Readonly<Record<string, unknown>> | undefined;
  readonly body?: unknown;
  readonly revision?: number | undefined;
  readonly idempotencyKey?: string | undefined;
} & CallOptions;

/** The URL of a route with its parameters, from the host on. For the stream, which is no call, too. */
export function urlOf<R extends RouteName>(
  route: R,
  ...call: Arguments<Given<'params', Part<R, 'params'>> & Given<'query', Part<R, 'querystring'>>>
): string {
  return urlOfCall(route, (call[0] ?? {}) as Loose);
}

function urlOfCall(route: RouteName, { params = {}, query = {} }: Loose): string {
  const path = route.slice(route.indexOf(' ') + 1).replace(/\{(\w+)\}/g, (_, name: string) => idOf(params[name]));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    for (const each of [value].flat()) if (each !== undefined) search.append(name, String(each));
  return `${apiPath}${path}${search.size === 0 ? '' : `?${search}`}`;
}

/** Anything else could lead to another route. */
function idOf(id: string | undefined): string {
  if (id === undefined || !/^[A-Za-z0-9_-]{1,64}$/.test(id)) throw new RangeError('a path needs an id');
  return id;
}

/** A client of one origin, for one person. */
export function createClient({
  origin = '',
  headers: always = {},
  fetch = globalThis.fetch,
}: ClientOptions = {}): ApiClient {
  let csrf: string | undefined;

  async function call<R extends CallableRoute>(route: R, ...[given]: Arguments<CallOf<R>>): Promise<AnswerOf<R>> {
    const loose = (given ?? {}) as Loose;
    const signal = signalOf(loose);
    if (route.startsWith('GET ')) return (await once(route, loose, signal)) as AnswerOf<R>;
    try {
      return (await once(route, loose, signal, csrf ?? (await token(loose, signal)))) as AnswerOf<R>;
    } catch (error) {
      // Refused before anything was done: the session is another than the one whose token was kept.
      if (!(error instanceof ProblemAnswerError) || error.code !== 'csrf') throw error;
      return (await once(route, loose, signal, await token(loose, signal))) as AnswerOf<R>;
    } finally {
      if (route.endsWith(' /session')) csrf = undefined;
    }
  }

  /** Of the session; undefined where nobody is signed in, which is for the API to judge. */
  async function token({ signal: caller }: CallOptions, signal: AbortSignal): Promise<string | undefined> {
    try {
      const { body } = await once('GET /session', caller ? { signal: caller } : {}, signal);
      csrf = (body as z.output<Routes['GET /session']['response'][200]>).csrf;
    } catch (error) {
      if (!(error instanceof ProblemAnswerError) || error.code !== 'not-signed-in') throw error;
      csrf = undefined;
    }
    return csrf;
  }

  async function once(route: RouteName, loose: Loose, signal: AbortSignal, sentToken?: string) {
    const { body, revision, idempotencyKey } = loose;
    const method = route.slice(0, route.indexOf(' '));
    const headers = {
      ...always,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(sentToken !== undefined && { [csrfHeader]: sentToken }),
      ...(method === 'POST' && { 'idempotency-key': idempotencyKey ?? crypto.randomUUID() }),
      ...(revision !== undefined && { 'if-match': `"${revision}"` }),
    };
    const url = `${origin}${urlOfCall(route, loose)}`;
    const init = { method, headers, signal, ...(body !== undefined && { body: JSON.stringify(body) }) };
    return answerTo(route, await heard(route, fetch(url, init), loose.signal), loose.signal);
  }

  return { call };
}

function signalOf({ signal, withinMs = answerWithinMs }: CallOptions): AbortSignal {
  const deadline = AbortSignal.timeout(withinMs);
  return signal ? AbortSignal.any([signal, deadline]) : deadline;
}

/** What came, or a named error; the caller's own abort stays what it is. */
async function heard<T>(route: string, answer: Promise<T>, caller: AbortSignal | undefined): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    caller?.throwIfAborted();
    throw new NoAnswerError(`${route}: no answer`, { cause });
  }
}

async function answerTo(route: string, answer: Awaited<ReturnType<Fetch>>, caller: AbortSignal | undefined) {
  const { status, headers } = answer;
  const text = await heard(route, answer.text(), caller);
  if (status >= 200 && status < 300) {
    const tag = /^"(\d+)"$/.exec(headers.get('etag') ?? '');
    return { status, body: jsonOf(route, status, text), revision: tag ? Number(tag[1]) : undefined };
  }
  if (!headers.get('content-type')?.startsWith('application/problem+json'))
    throw new NoAnswerError(`${route}: ${status}, and no problem of the API`);
  const afterS = Number(headers.get('retry-after') ?? Number.NaN);
  throw new ProblemAnswerError(
    jsonOf(route, status, text) as Problem,
    Number.isFinite(afterS) ? afterS * 1_000 : undefined,
  );
}

function jsonOf(route: string, status: number, text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new NoAnswerError(`${route}: ${status}, and no JSON`, { cause });
  }
}
