import { UsageError } from '../errors.ts';

/** Something in a recording is not what it says, or not what can be played. Exit code 1. */
export class RecordingError extends Error {
  readonly code = 'RECORDING';
  /** `place`: line, signal, sample or byte; `what`: what was found, and what was expected. */
  constructor(file: string, place: string, what: string, options?: ErrorOptions) {
    super(`${file}${place === '' ? '' : `, ${place}`}: ${what}`, options);
    this.name = 'RecordingError';
  }
}

/** A recording that can be read in more than one way: asks, and names the flag that settles it. Exit code 2. */
export function unclear(file: string, question: string): UsageError {
  return new UsageError(`${file}: ${question}`);
}
