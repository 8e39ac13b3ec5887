// Table of contents of what crosses a border.
export * from './clock.ts';
export * from './crc32c.ts';
export * from './disk.ts';
export * from './partition.ts';
export * from './random.ts';
export * from './stream-log.ts';
export * from './topics.ts';
