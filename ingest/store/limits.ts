// Every limit of the store and its writer, with its arithmetic and what happens when it is reached.

/** Rows in one write: 5,000 readings/s for 2 s; about 1.2 MB of columns. A fuller batch waits, the reader with it. */
export const batchRowsMax = 10_000;

/** Bytes of waveform blocks in one write: 200 leads at 250 Hz (568 B a second each) for 60 s. The reader waits. */
export const batchBlockBytesMax = 8 * 1024 * 1024;

/** Longest that a row waits for others to join its write. */
export const batchAgeMsMax = 250;

/** A write that only moves positions (ticks, no rows) waits longer: re-reading 5 s of ticks costs nothing. */
export const positionsOnlyAgeMsMax = 5_000;

/** Records that become rows before the event loop is given back: about 1 to 2 ms (`records.md` 10 allows 1,000). */
export const recordsPerTurnMax = 256;

/** Waits between attempts of the same batch: doubled from the first to the last, without end. */
export const retryMsFirst = 100;
export const retryMsLast = 5_000;

/** Failing for longer than this is told as `store-down`. */
export const downAfterMs = 5_000;

/** What is durable in the log but not in the store for longer than this is told as `store-lag`, until below the second. */
export const lagAfterMs = 30_000;
export const lagEndsBelowMs = 5_000;

/** How often the writer looks at the log's end and its own state. */
export const watchEveryMs = 1_000;

/** Marks of "the log ended here then", one a second; when full no newer is kept and the oldest still tells the lag. */
export const lagMarksMax = 120;

/** One `system` record of identity conflicts a device and minute; the refused bytes are kept each. */
export const conflictFactEveryMs = 60_000;

/** Devices whose last conflict is remembered; the oldest is forgotten, which costs one record more. */
export const conflictDevicesMax = 1_000;

/** One line a span for records that cannot be read; the counter counts them all. */
export const poisonAnnounceEveryMs = 10_000;

/** A read or a write that takes longer is interrupted and fails. Real time: it guards work in a real thread. */
export const requestMsMax = 30_000;

/** A thread that does not answer an interrupt within this is given up with all that waits for it. */
export const interruptMsMax = 10_000;

/** Opening may replay a write-ahead log of 16 MiB and load the interval sets. */
export const openMsMax = 120_000;

/** Closing writes a checkpoint; after this the thread is ended and the next start replays instead. */
export const closeMsMax = 8_000;

/** Waits before the database is opened again after its thread died. */
export const reopenMsFirst = 250;
export const reopenMsLast = 30_000;

/** Reads that wait for one of the two read slots; one more is refused as unavailable, so that no queue grows in silence. */
export const readsWaitingMax = 64;

/** Ranges of one (device, boot, lead); beyond it the lowest two become one that says "perhaps" (`interval-set.ts`). */
export const rangesMax = 1_024;

/** Spans in the table beyond those in memory before the table is written anew: 100,000 rows of 28 B, about 3 MB. */
export const spansSpareMax = 100_000;

/** Patients whose newest readings are held in memory: 12 vitals of about 200 B each, 48 MB. The oldest asked for goes. */
export const latestPatientsMax = 20_000;

/** Buckets of one series: a week of 10 s. More is the caller's mistake. */
export const bucketsMax = 100_000;

/** Runs behind one series (`series.ts`) before near ones are joined: a year of holes each minute; 17 MB in the thread. */
export const runsMax = 1_100_000;

/** Gaps of one series: more are no picture. Above: the caller's mistake. */
export const gapsMax = 100_000;

/** Blocks of one waveform slice: a day of one-second blocks. More is the caller's mistake, never a silent cut. */
export const blocksPerSliceMax = 100_000;

/** Rows of one range, about 14 MB of columns. */
export const rangeRowsMax = 100_000;

/** A range of no more rows is a short read, and waits for no long one. */
export const shortReadRowsMax = 1_000;

/**
 * The store's thread steps back behind everybody: judging and acknowledging come first, history takes what they leave. A
 * step of priority is 1.25 of the share, so five leave it a third of what each other gets; with ten a busy machine starves it.
 */
export const threadNiceness = 5;
