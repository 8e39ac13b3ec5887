/** Bytes of one write: what waits joins it up to here. At 200 MB/s it takes 5 ms, so no control record waits longer. */
export const writeBytesMax = 1024 * 1024;

/** Bytes of one frame's payload: a log record of 64 KiB with its key, and room to spare. */
export const payloadBytesMax = 128 * 1024;

/** A second failed write within this time ends the process (ING-DURABLE). */
export const secondFailureWithinMs = 60_000;

/** How often a full disk is tried again. */
export const fullRetryEveryMs = 1_000;

/** Bytes read from a file at a time. */
export const readBytes = 256 * 1024;

/**
 * Bytes that may wait in one lane: 64 writes, about a second of a disk that does 64 MB/s. More is refused, so that memory
 * stays bounded while a disk hangs.
 */
export const waitingBytesMax = 64 * writeBytesMax;
