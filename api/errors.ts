// Every way in which the api says no. Codes and statuses stand in the contract (`http-tables.ts`); a detail never holds a
// value of a patient.
import { LogUnavailableError, type ProblemCode, problemStatus, StoreUnavailableError } from '../contract/index.ts';

export interface ProblemFacts {
  readonly errors?: readonly { readonly path: string; readonly code: string; readonly message: string }[];
  readonly current?: Readonly<Record<string, unknown>>;
  readonly retryAfterS?: number;
  readonly cause?: unknown;
}

/** An answer that is not the one asked for; becomes `application/problem+json`. */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly facts: ProblemFacts;
  constructor(code: ProblemCode, detail: string, facts: ProblemFacts = {}) {
    super(detail, 'cause' in facts ? { cause: facts.cause } : undefined);
    this.name = 'ProblemError';
    this.code = code;
    this.facts = facts;
  }
  get status(): number {
    return problemStatus[this.code];
  }
}

/** A route was registered without saying who may use it (SEC-RBAC). Stops the start. */
export class UndeclaredRouteError extends Error {
  readonly code = 'API_UNDECLARED_ROUTE';
  constructor(method: string, url: string) {
    super(`${method} ${url} does not say who may use it`);
    this.name = 'UndeclaredRouteError';
  }
}

/** No port to listen on. Stops the start. */
export class HttpPortError extends Error {
  readonly code = 'API_HTTP_PORT';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'HttpPortError';
  }
}

/** The audit trail cannot be written: changing calls are refused. */
export class AuditDownError extends ProblemError {
  constructor() {
    super('audit-down', 'the audit trail cannot be written: nothing is changed');
  }
}

/** The problem that an outage is; undefined for what is none. */
export function outageOf(error: unknown): ProblemError | undefined {
  if (error instanceof LogUnavailableError)
    return new ProblemError('log-down', 'the log takes nothing now', { cause: error });
  if (error instanceof StoreUnavailableError)
    return new ProblemError('store-down', 'history cannot be read now', { cause: error });
  return undefined;
}
