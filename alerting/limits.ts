// Every limit of the host and the watchdog, with its arithmetic and what happens when it is reached.

/** Spacing of ticks per owned partition; a timer is late by at most this, plus what ALR-TICK announces. */
export const tickEveryMs = 500;
/** Later than this against the schedule is announced: 500 + 450 = the 950 ms of ALR-TICK. */
export const tickLateMs = 450;
/** Two announcements of the same trouble are at least this far apart; the counters miss nothing. */
export const announceEveryMs = 10_000;
/** A longer span without a tick is history that nobody judged: a `blind` record (`records.md` 5). */
export const blindAfterMs = 5_000;
/** What a takeover adds to log time where no clock can tell the span: a second over the day that the core trusts. */
export const unmeasuredMs = 24 * 3_600_000 + 1_000;

/** The wall clock's drift that is followed, by slewing; a larger difference is a step and is announced. */
export const wallStepMs = 2_000;
/** Share of elapsed time by which `utc` may run faster or slower: 1 % closes 2 s in 200 s. */
export const slewShare = 0.01;
/** A step is announced once it was seen this long: after a suspension the monotonic clock needs up to 1 s to learn of it. */
export const stepSeenMs = 2_000;
/** A step that has held this long is taken over by a `clock-step` record. */
export const stepHeldMs = 60_000;

/** Records applied in one turn before the event loop has its turn (`records.md` 10). */
export const recordsPerTurn = 1_000;
/** Records set aside that are announced each by its position; those after are only counted. */
export const poisonAnnouncedMax = 64;
/** One append holds at most this many records and bytes; more is cut into several, in order. */
export const appendRecordsMax = 500;
export const appendBytesMax = 512 * 1024;
/** First and longest pause before the same bytes are appended again; doubled in between, without end. */
export const retryFirstMs = 100;
export const retryLongestMs = 1_000;

/** A generation is due after this time or this many records: 100,000 records are read again in about a second. */
export const snapshotEveryMs = 30_000;
export const snapshotEveryRecords = 100_000;
/** An older newest generation is a cause of `degraded`: ten were missed, a restart reads ten times as much. */
export const snapshotOldMs = 300_000;
/** State bytes in one record of `snapshots`: 64 KiB less 2 KiB for the header line. A patient's entry is several of them. */
export const snapshotPartBytes = 62 * 1024;
/** Largest entry of one patient; a larger one is left out, and that patient is announced at the next restore. */
export const snapshotEntryBytesMax = 1024 * 1024;
/** Entries serialised before the event loop has its turn: 64 of 10 KiB are about 5 ms. */
export const snapshotEntriesPerTurn = 64;

/** Records waiting while none is applied for this long: the partition is stuck (`records.md` 5). */
export const stuckAfterMs = 5_000;
/** A partition that was fenced claims again after this long without a tick of its owner. */
export const takeoverAfterMs = 5_000;
/** How often a fenced partition looks for it. */
export const standbyLookEveryMs = 500;
/** Stopping waits this long for the last appends and the last generation, then leaves them to the next start. */
export const stopWithinMs = 4_000;

/** The watchdog thread looks at the counter this often. */
export const lookEveryMs = 50;
/** The main thread raises it this often: two raises per 100 ms, so that one late timer is no missed cycle. */
export const raiseEveryMs = 50;
/** A look counts only if it came within this time of the one before; else the whole process or machine stood still. */
export const lookOnTimeMs = 100;
/** All roles in one process: declared after 20 looks = 1 s, ended after 100 = 5 s. Alone: 5 = 250 ms, 20 = 1 s. */
export const looksTogether = { declare: 20, kill: 100 } as const;
export const looksAlone = { declare: 5, kill: 20 } as const;
/** Snapshots are fed each second; after five that did not come the numbers are nobody's any more. */
export const feedSilentMs = 5_000;
/** Each answer names when the next state is due: three beats ahead. */
export const nextByMs = 3_000;
/** Open connections on the operations port; more are closed. Each ends within the request deadline. */
export const opsConnectionsMax = 64;
export const opsRequestMs = 5_000;
/** Ports tried, counting up, when a default port is taken. */
export const opsPortTries = 20;
/** The thread has to listen, and later to close, within this time. */
export const watchdogReadyMs = 10_000;
