// Table of contents: what survives a power cut.
export type { Body, DurableRun } from './append-queue.ts';
export { realDisk } from './disk.ts';
export {
  DiskFailedError,
  DiskFullError,
  FolderLockedError,
  ForeignFileError,
  isDiskFull,
  JournalBusyError,
  JournalClosedError,
} from './errors.ts';
export { type Journal, type JournalOptions, type JournalPorts, openJournal } from './journal.ts';
export { lockFolder } from './lock.ts';
export type { Entries, Entry } from './reader.ts';
export { scanFolder } from './scan.ts';
export type { Segment } from './segments.ts';
