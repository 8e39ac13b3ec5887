/** Nothing to talk to: no running system, or no running simulators. Exit code 4. */
export class NotRunningError extends Error {
  readonly code = 'SIMULATORS_NOT_RUNNING';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NotRunningError';
  }
}

/** A local request was refused; 401 and 403 are exit code 6. */
export class LocalRefusedError extends Error {
  readonly code = 'SIMULATORS_REFUSED';
  readonly status: number;
  readonly body: unknown;
  constructor(what: string, status: number, body: unknown) {
    super(`${what}: ${status} ${typeof body === 'string' ? body : JSON.stringify(body)}`.slice(0, 500));
    this.name = 'LocalRefusedError';
    this.status = status;
    this.body = body;
  }
}

/** The command line asks for what there is not. Exit code 2. */
export class UsageError extends Error {
  readonly code = 'SIMULATORS_USAGE';
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** The folder belongs to simulators that run already. Exit code 1. */
export class AlreadyRunningError extends Error {
  readonly code = 'SIMULATORS_ALREADY_RUNNING';
  constructor(path: string, options?: ErrorOptions) {
    super(`simulators run already: ${path} answers; "vigil sim ls" shows them`, options);
    this.name = 'AlreadyRunningError';
  }
}
