// Table of contents: what survives a power cut.
export { realDisk } from './disk.ts';
export { DiskFailedError, DiskFullError, FolderLockedError, ForeignFileError, isDiskFull } from './errors.ts';
export { type Journal, type JournalOptions, type JournalPorts, openJournal, type Payload } from './journal.ts';
export { lockFolder } from './lock.ts';
export type { Entry } from './reader.ts';
export { scanFolder } from './scan.ts';
export type { Segment } from './segments.ts';
