// Every error of this role. A refused message is no error: it is a value with a reason (`accept.ts`).

export type IngestErrorCode =
  /** The sender may not do this; its connection is closed. */
  | 'INGEST_FORBIDDEN'
  /** Not durable in time; the sender sends again. */
  | 'INGEST_DEADLINE'
  /** Too much waits for the log; the sender sends again. */
  | 'INGEST_OVERLOADED'
  /** The role stops; the sender sends again. */
  | 'INGEST_STOPPING'
  /** `registry` could not be read in time. */
  | 'INGEST_REGISTRY_UNAVAILABLE'
  | 'INGEST_LISTEN'
  | 'INGEST_CERTIFICATE'
  /** The options are not valid. */
  | 'INGEST_OPTIONS';

/** An outage or a forbidden act at the border. Its message names no patient and no value. */
export class IngestError extends Error {
  readonly code: IngestErrorCode;
  constructor(message: string, options: ErrorOptions & { readonly code: IngestErrorCode }) {
    super(message, options);
    this.name = 'IngestError';
    this.code = options.code;
  }
}
