// Errors of the store beside `StoreUnavailableError` of the contract. Tests and callers go by the code.

export type StoreFileErrorCode = 'STORE_FILE_FOREIGN' | 'STORE_FILE_CORRUPT' | 'STORE_FILE_VERSION';

/** The database file is not ours, not whole, or of another version: it is left as it is, and nothing starts empty over it. */
export class StoreFileError extends Error {
  readonly code: StoreFileErrorCode;
  constructor(code: StoreFileErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreFileError';
    this.code = code;
  }
}

/** A row or a query that no store could take: the caller's mistake, trying again does not help. */
export class StoreArgumentError extends Error {
  readonly code = 'STORE_ARGUMENT';
  constructor(message: string) {
    super(message);
    this.name = 'StoreArgumentError';
  }
}

/** An error as it crosses the thread's border. */
export interface ErrorFacts {
  readonly code: StoreFileErrorCode | 'STORE_ARGUMENT' | 'STORE_UNAVAILABLE';
  readonly message: string;
}

export function factsOf(error: unknown): ErrorFacts {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof StoreFileError || error instanceof StoreArgumentError) return { code: error.code, message };
  return { code: 'STORE_UNAVAILABLE', message };
}
