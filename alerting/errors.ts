/** A partition asked for that the log does not have. Stops the start. */
export class NoSuchPartitionError extends Error {
  readonly code = 'ALERTING_NO_SUCH_PARTITION';
  constructor(partition: number, partitions: number) {
    super(`partition ${partition} of inputs was asked for, there are ${partitions}`);
    this.name = 'NoSuchPartitionError';
  }
}

/** The operations port cannot be opened. Stops the start: nobody could say that the engine is stuck. */
export class OpsPortError extends Error {
  readonly code = 'ALERTING_OPS_PORT';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OpsPortError';
  }
}

/** The watchdog thread ended by itself. The process must not go on unwatched. */
export class WatchdogLostError extends Error {
  readonly code = 'ALERTING_WATCHDOG_LOST';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'WatchdogLostError';
  }
}
