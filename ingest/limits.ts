// What one sender may ask of the broker, and how much waits for the log. Each with its arithmetic; what happens beyond.

const KiB = 1024;

/** Largest MQTT frame. A CONNECT with a will fits 2 KB; until CONNACK 0 has gone out nobody may have us buffer more. */
export const frameBytesMax = { beforeConnack: 2 * KiB, afterConnack: 64 * KiB } as const;

/** Largest payload: 64 readings of 200 B are 13 KB, a waveform block of 2,048 samples 4 KB. Larger is refused as `schema`. */
export const payloadBytesMax = 16 * KiB;

/** Largest last will: a status of a few dozen bytes. A larger one is refused at CONNECT. */
export const willBytesMax = KiB;

/** From the TCP connection to the complete CONNECT, TLS included. Then the connection is closed. */
export const connectWithinMs = 5_000;

/** From the first byte of a frame to its last. Then the connection is closed. */
export const frameWithinMs = 10_000;

/** How often the deadlines of all connections are looked at: they are met to within this. */
export const sweepEveryMs = 500;

/** How often a connection that is being slowed down is looked at: at 500 frames/s a share of 25. */
export const throttleEveryMs = 50;

/** How long a connection that was refused may take to read its CONNACK. */
export const refusedLingerMs = 1_000;

/** Connections without CONNACK 0: at 64 KB of TLS each 32 MB. The newest beyond is closed. */
export const unauthenticatedMax = 512;

/** Connections in all: 10,000 senders and room for those that come back before their old one is noticed gone. */
export const connectionsMax = 12_000;

/** Keepalive that a client may ask for, seconds. */
export const keepaliveSecondsMax = 120;

/** From the arrival of a publish to its PUBACK. Then it is given up and its connection closed; less than any keepalive. */
export const acknowledgeWithinMs = 5_000;

/** How often deadlines and the state of the log are looked at. */
export const batcherSweepEveryMs = 250;

/** One append: 500 records, and never more than a megabyte that a slow disk has to take at once. */
export const appendRecordsMax = 500;
export const appendBytesMax = KiB * KiB;

/** Messages that wait for the log: 4 s at 5,000/s. Beyond, a publish is turned away and its connection closed. */
export const queueMessagesMax = 20_000;

/** Bytes that wait for the log: 20,000 messages of 300 B are 6 MB; 16 KB each would be 320 MB. */
export const queueBytesMax = 64 * KiB * KiB;

/** Share of the queue at which every window goes to 0, and at which they open again. */
export const closeWindowsAt = 0.8;
export const openWindowsAt = 0.5;

/** First and longest wait between two tries of one batch. */
export const appendRetryMs = { first: 20, longest: 500 } as const;

/** After a batch was given up, the log counts as down for so long, unless it says so itself. */
export const logDownForMs = 1_000;

/** A look-up that finds nothing reads `registry` to its end first; this long at most, then the publish fails. */
export const catchUpWithinMs = 4_000;

/** Wait before `registry` is read again after it failed. */
export const registryRetryMs = 500;

/** Publishes of one connection that may wait for that: its window. */
export const waitingMax = 64;

/** A sender's clock this far off is corrected (`records.md` 4). */
export const clockToleranceMs = 5_000;

/** Takeovers of one client id within a minute that are no news: beyond it two devices may share an identity. */
export const takeoversMax = { count: 3, withinMs: 60_000 } as const;

/** One announcement of a kind in this time; the others are counted. */
export const announceEveryMs = 10_000;

/** Ports tried beyond the one asked for, if any free one will do. */
export const portsTriedMax = 100;

/** Validity of what `certificates.ts` makes, and when the server's is made anew. */
export const certificateDays = { authority: 3_650, server: 90, renewBefore: 30 } as const;
