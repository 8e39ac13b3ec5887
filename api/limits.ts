// Every limit of the api, with its arithmetic and what happens when it is reached.

/** Records of the log taken in one turn, then the event loop has its turn (`records.md` 10). */
export const recordsPerTurnMax = 1_000;
/** Pause before a log that cannot be read is asked again. */
export const readAgainMs = 250;

/** Engine ticks come each 500 ms. A limit of 5 s, looked at each 200 ms, needs 4.7 s to be told within 5 s. */
export const engineSilentAfterMs = 4_700;
export const lookEveryMs = 200;

/** Starting waits this long for the projection to reach the log's end; after it the rest comes while serving, degraded. */
export const catchUpWithinMs = 10_000;
/** Starting waits this long for the store's positions and newest values; then it goes on without them. */
export const storeWithinMs = 5_000;
/** Without the store's positions the newest values come from this many last positions of `inputs`. */
export const tailWithoutStore = 1_000_000;

/** Closed alerts kept whole: 1,000 of at most 15 KiB. The oldest go; their events stay in the log. */
export const closedAlertsMax = 1_000;
/** Of those that went, ids and numbers, so that a copy of an event cannot bring one back: 20,000 of about 100 B. */
export const forgottenAlertsMax = 20_000;
/** Positions of an alert's events kept for its history: `updated` comes at most each 10 s, so 512 are over an hour. */
export const alertEventsMax = 512;
/** Answers of the engine kept for callers who repeat a request. */
export const answersMax = 2_000;
/** Positions in `alerts` of copies and of former owners' records, to be left out of a replay. */
export const ignoredPositionsMax = 10_000;
/** Spans that nobody watched: told for a day, at most 64 a partition (one each 22 minutes). */
export const unwatchedForMs = 24 * 3_600_000;
export const unwatchedMax = 64;
/** States of signals that are no longer due, kept against late copies: per patient. */
export const endedSignalsMax = 64;

/** How long an acknowledgement waits for the engine's answer; then 202. */
export const acknowledgeWithinMs = 2_000;
/** A write waits this long until the projection has it, so that what a caller reads next holds what they wrote. */
export const visibleWithinMs = 2_000;

/** Body and depth of a request. */
export const bodyBytesMax = 64 * 1024;
export const bodyDepthMax = 16;
/** A request has to be whole within this time. */
export const requestWithinMs = 10_000;
/** Requests of a session in a minute; more get 429. Twice as many as 5 screens that ask once a second. */
export const requestsPerMinuteMax = 600;
/** Failed sign-ins of one address in a minute; more get 429 without a look at the link. */
export const failedSignInsPerMinuteMax = 10;
export const streamsPerSessionMax = 5;
/** Sockets of the HTTP listener; more wait in the system's queue. */
export const connectionsMax = 1_000;

/** A sign-in link is good for one use in this time. */
export const linkForMs = 15 * 60_000;
/** A session ends after this time, whatever its user does. */
export const sessionForMs = 12 * 3_600_000;
/** It ends after this time without a request; in the test realm it does not. */
export const sessionIdleMs = 15 * 60_000;
/** Sessions and links held; beyond it signing in is refused. */
export const sessionsMax = 10_000;

/** Longest spans that one question may cover, and most rows of an answer. */
export const readingsSpanMaxMs = 31 * 86_400_000;
export const seriesRowsMax = 5_000;
export const waveformSpanMaxMs = 60_000;
/** Blocks of one answer: 60 s of blocks of 100 ms of one lead. */
export const waveformBlocksMax = 600;
/** A question to the store ends after this time. */
export const storeQueryWithinMs = 10_000;

/** Rows that are put into words on the event loop: 0.1 ms. More of them are a thread's work. */
export const textRowsInline = 250;
/** Texts that wait for the thread, at most 0.5 MB of arrays each; one more is refused as an outage of history. */
export const textsWaitingMax = 64;
/** A thread that gave nothing for so long is ended when a text it owes is given up: a text takes 0.1 s. */
export const textStuckAfterMs = 5_000;

/** Rows of one piece of a day's file: about 1 MB of text. */
export const exportRowsPerPiece = 5_000;
/** Files of days that are written at once; one more is told to come again. */
export const exportsAtOnceMax = 2;
/** A file that was not taken in this time is cut off: a million rows of 200 B at 5 Mbit/s. */
export const exportWithinMs = 5 * 60_000;

/** Answers kept for `Idempotency-Key`, and for how long; the oldest go first. */
export const idempotencyForMs = 24 * 3_600_000;
export const idempotencyKeysMax = 10_000;

/** Alert events taken in one turn: sockets drain between turns, so a burst of alerts alone cuts nobody. */
export const alertsPerTurnMax = 64;
/** A stream counts as blocked only when this much waits in its socket: 100 tiles of a busy second. */
export const socketBytesMax = 256 * 1024;
/** Per stream: events and bytes that wait besides, and how long it may be blocked. Then it is cut with `end slow`. */
export const streamEventsMax = 256;
export const streamBytesMax = 1024 * 1024;
export const streamBlockedMaxMs = 30_000;
/** A cut stream has this long to take its last event. */
export const streamEndWithinMs = 1_000;
export const streamsMax = 500;
/** Session and rights of an open stream are looked at again this often. */
export const streamRightsEveryMs = 15_000;
/** Every tile is sent at least this often, so that its states follow the passing of time. */
export const tileAtLeastEveryMs = 5_000;
/** Events replayed after a reconnect; more: `reset`, and the snapshot stands for them. */
export const replayEventsMax = 1_000;

/** Audit rows that wait for the log: 10,000 of about 600 B. When it is full, denials and reads are counted, not kept. */
export const auditRowsMax = 10_000;
/** Rows of one append: 64 of at most 2 KiB. */
export const auditRowsPerAppend = 64;
/** Rows of reads wait this long for company; rows of changes go at once. */
export const auditBatchMs = 1_000;
/** A changing call waits this long for its row to be durable; then 503. */
export const auditWithinMs = 5_000;
export const auditRetryMs = 250;
/** Rows remembered while verifying, to tell a copy that landed later. */
export const auditCopiesWindow = 20_000;

/** Ports tried, counting up, when the default is taken. */
export const portTries = 20;
/** Stopping waits this long for requests and for the audit's last rows. */
export const stopWithinMs = 3_000;
