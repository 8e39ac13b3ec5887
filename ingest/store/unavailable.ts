import { StoreUnavailableError, type TimeSeriesStore } from '../../contract/index.ts';

/**
 * A store that cannot be opened, such as a corrupt file: every call rejects, so that judging and showing go on without
 * history, and the writer says `store-down`. The log keeps what a repaired store will be given.
 */
export function unavailableStore(cause: Error): TimeSeriesStore {
  const refuse = () => Promise.reject(new StoreUnavailableError(cause.message, { cause }));
  return {
    write: refuse,
    positions: refuse,
    latest: refuse,
    range: refuse,
    rangeColumns: refuse,
    series: refuse,
    waveform: refuse,
    count: refuse,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
