// Every error as `application/problem+json`, without a value of a patient in it.
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import type { Problem } from '../../contract/index.ts';
import type { ApiContext, App } from '../context.ts';
import { DeadlineError } from '../deadline.ts';
import { outageOf, ProblemError } from '../errors.ts';

export function addErrorHandler(app: App, { ports }: ApiContext): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const problem = problemOf(error);
    // Our own mistake: where it happened, and nothing of what it was about.
    if (problem.code === 'internal')
      ports.announce('error', `api: request ${request.id} failed: ${error.name} ${frameOf(error)}`);
    return send(problem, request, reply);
  });
  app.setNotFoundHandler((request, reply) => send(new ProblemError('not-found', 'no such thing here'), request, reply));
}

function send({ code, status, message, facts }: ProblemError, { id }: FastifyRequest, reply: FastifyReply) {
  const { errors, current, retryAfterS } = facts;
  const problem: Problem = {
    type: `urn:vigil:problem:${code}`,
    status,
    code,
    detail: message,
    request: id,
    ...(errors && { errors: errors.map((each) => ({ ...each })) }),
    ...(current && { current: { ...current } }),
  };
  if (retryAfterS !== undefined) reply.header('retry-after', String(retryAfterS));
  reply.code(status).type('application/problem+json').serializer(JSON.stringify);
  return reply.send(problem);
}

function problemOf(error: FastifyError): ProblemError {
  if (error instanceof ProblemError) return error;
  if (error instanceof DeadlineError) return new ProblemError('store-down', 'no answer in time', { cause: error });
  const outage = outageOf(error);
  if (outage) return outage;
  if (hasZodFastifySchemaValidationErrors(error)) return invalid(error);
  const status = error.statusCode ?? 500;
  if (status === 413) return new ProblemError('too-long', 'the body is too long', { cause: error });
  if (status >= 400 && status < 500)
    return new ProblemError('malformed', 'the request cannot be read', { cause: error });
  return new ProblemError('internal', 'a fault of ours', { cause: error });
}

type Invalid = FastifyError & {
  validation: readonly { readonly instancePath: string; readonly keyword: string; readonly message?: string }[];
};

function invalid(error: Invalid): ProblemError {
  if (error.validationContext === 'params') return new ProblemError('not-found', 'no such thing here');
  const errors = error.validation.slice(0, 16).map(({ instancePath, keyword, message }) => ({
    path: instancePath.replace(/^\//, '').replaceAll('/', '.'),
    code: keyword,
    message: message ?? keyword,
  }));
  const code = error.validationContext === 'body' ? 'invalid' : 'malformed';
  return new ProblemError(code, 'not what is expected here', { errors, cause: error });
}

function frameOf({ stack = '' }: Error): string {
  return (
    stack
      .split('\n')
      .find((line) => line.trimStart().startsWith('at '))
      ?.trim() ?? ''
  );
}
