// Table of contents of the time-series store and its writer.
export { StoreArgumentError, StoreFileError } from './errors.ts';
export { openStore, type StoreOptions, type StorePorts } from './open-store.ts';
export { unavailableStore } from './unavailable.ts';
export { type StoreWriter, type StoreWriterOptions, type StoreWriterPorts, startStoreWriter } from './writer.ts';
