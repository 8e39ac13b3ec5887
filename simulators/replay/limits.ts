/** Longest header of a WFDB record; a real one has some hundred bytes. */
export const headerBytesMax = 256 * 1024;

/** Signals of one record: the most that an assignment arms, twice. */
export const signalsMax = 64;

/** Longest row of a table; a real one has some hundred bytes. */
export const rowBytesMax = 64 * 1024;

/** So many rows at the head of a table are looked at to find out how it is written. */
export const headRows = 1_000;

/** Vitals of a table, so that a row fits one payload (`readingsPerPayloadMax`). */
export const columnsMax = 32;

/** A block lasts at most a second, and holds at most `waveformSamplesMax`. */
export const blockSecondsMax = 1;

/** Longest place and name taken into a message for a person. */
export const quotedMax = 60;

/** A replay that nobody acknowledges anything of for so long ends: the system is gone. */
export const unacknowledgedMaxMs = 300_000;

/** The broker has so long to let a replay's device in before anything is played. */
export const connectWithinMs = 30_000;

/** What is still unacknowledged at the end of a replay has so long. */
export const drainWithinMs = 30_000;

/** An alert of the last reading is in the log so soon after it; then the summary is made. */
export const settleMs = 2_000;

/** Alerts that a summary lists; all are counted. */
export const alertsListedMax = 500;
