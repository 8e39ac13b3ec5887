// Table of contents: what is let in, and where it is kept.
export { type Certificates, ensureCertificates } from './certificates.ts';
export { IngestError, type IngestErrorCode } from './errors.ts';
export { type FeedOutcome, type FeedPorts, type RunningFeed, startFeed } from './feed.ts';
export { type IngestPorts, type RunningIngest, startIngest } from './ingest.ts';
export * from './log/index.ts';
export type { IngestOptions } from './options.ts';
export * from './store/index.ts';
