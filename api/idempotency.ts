// The same answer to the same call (`Idempotency-Key`): a caller who did not hear the answer may ask again. Kept in memory,
// so after a restart what was made is found by its own rules (`exists`, `period-overlap`, the engine's answer).
import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify';
import type { Clock } from '../contract/index.ts';
import { canonical, sha256 } from './audit/chain.ts';
import { type App, authorOf } from './context.ts';
import { ProblemError } from './errors.ts';
import { idempotencyForMs, idempotencyKeysMax } from './limits.ts';

interface Kept {
  readonly body: string;
  readonly at: number;
  readonly answer: Promise<{ readonly status: number; readonly payload: unknown }>;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export class Idempotency {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The handler, run once for each key of a caller and a route. */
  wrap(handler: RouteHandlerMethod): RouteHandlerMethod {
    const kept = this.#kept;
    const make = (key: string, body: string, run: () => Promise<Awaited<Kept['answer']>>) => this.#make(key, body, run);
    const now = () => this.#clock.mono();
    return async function (this: App, request: FastifyRequest, reply: FastifyReply) {
      const name = keyOf(request);
      if (name === undefined) return handler.call(this, request, reply);
      const body = sha256(canonical({ body: request.body ?? null }));
      const known = kept.get(name);
      const isKnown = known !== undefined && now() - known.at < idempotencyForMs;
      if (isKnown && known.body !== body) throw new ProblemError('key-reused', 'the key came with another body before');
      const run = async () => {
        const payload: unknown = await handler.call(this, request, reply);
        return { status: reply.statusCode, payload };
      };
      const { status, payload } = await (isKnown ? known.answer : make(name, body, run));
      reply.code(status);
      return payload;
    } as RouteHandlerMethod;
  }

  #make(key: string, body: string, run: () => Kept['answer']): Kept['answer'] {
    const answer = run();
    this.#kept.delete(key);
    this.#kept.set(key, { body, at: this.#clock.mono(), answer });
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > idempotencyKeysMax && oldest !== undefined) this.#kept.delete(oldest);
    // What failed may be tried again under the same key.
    answer.catch(() => this.#kept.delete(key));
    return answer;
  }
}

/** Names a call; undefined without a key. */
export function keyOf(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !uuid.test(key)) throw new ProblemError('malformed', 'Idempotency-Key is a UUID');
  return `${authorOf(request)} ${request.method} ${request.url} ${key}`;
}
