/** The disk has no room for another segment; what was durable stays so, and it may pass. */
export class DiskFullError extends Error {
  readonly code = 'DISK_FULL';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DiskFullError';
  }
}

/** A write failed twice within a minute: nothing more may be acknowledged, the process has to end. */
export class DiskFailedError extends Error {
  readonly code = 'DISK_FAILED';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DiskFailedError';
  }
}

/** More waits to be written than may: whoever appends has to slow down. */
export class JournalBusyError extends Error {
  readonly code = 'JOURNAL_BUSY';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'JournalBusyError';
  }
}

/** The journal was closed, in order. */
export class JournalClosedError extends Error {
  readonly code = 'JOURNAL_CLOSED';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'JournalClosedError';
  }
}

/** A file holds what no version of Vigil wrote there; it is never overwritten. */
export class ForeignFileError extends Error {
  readonly code = 'FOREIGN_FILE';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ForeignFileError';
  }
}

/** Another process has this folder. */
export class FolderLockedError extends Error {
  readonly code = 'FOLDER_LOCKED';
  constructor(folder: string, options?: ErrorOptions) {
    super(`${folder} is in use by another process: two of them would write one log`, options);
    this.name = 'FolderLockedError';
  }
}

/** True for "no space left on device", whoever threw it. */
export function isDiskFull(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'DISK_FULL';
}
