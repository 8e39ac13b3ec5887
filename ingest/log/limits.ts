/** Newest records of a topic kept in memory for readers: at 5,000 readings/s of 300 B about ten seconds. */
export const cacheBytesMax = 16 * 1024 * 1024;

/** Records of one batch unless the reader asks for fewer: no turn of a consumer is longer. */
export const batchRecordsMax = 1_000;

/** Room for control when the disk is full. Ticks and alerts of one day: 2/s x 86,400 x 200 B = 35 MB; of two hours: 3 MB. */
export const reserveBytes = { inputs: 8 * 1024 * 1024, alerts: 2 * 1024 * 1024, other: 1024 * 1024 } as const;

/** How often retention and compaction look. */
export const housekeepingEveryMs = 30_000;

/** Sealed segments of a compacted topic before they are made into one. */
export const compactAtSegments = 4;

/** Log keys whose bytes are kept: patients, gateways and registry objects of one installation. */
export const keysCachedMax = 65_536;

/** Longest key in UTF-8: ids have at most 64 characters, content ids 64. */
export const keyBytesMax = 1_024;
