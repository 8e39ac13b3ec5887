// Every bound of the core's state and work, with its arithmetic.

/** Ranges of sequence numbers kept per device and boot; in-order live plus one backlog make two or three. */
export const rangesMax = 1_024;
/**
 * Boots of a device whose ranges are kept; an older boot's readings are history in any case. At worst 4 boots of 1,024
 * ranges, 57 KB a device; a device in order takes 30 bytes.
 */
export const bootsMax = 4;
/** Evidence of an alert: the first readings and the newest ones, 64 in all, about 13 KB of a record's 64 KB. */
export const evidenceFirst = 32;
export const evidenceMax = 64;
/** Closed alerts a patient keeps, so that a late acknowledgement learns what became of them: 16 x 13 KB = 208 KB. */
export const closedKept = 16;
/** Requests remembered per patient, so that a copy of one is not answered twice. */
export const requestsKept = 256;
/** Ended assignments remembered per patient, so that a late copy of one does not arm it again. */
export const endedKept = 256;
/** Rules that may look at one vital: the work per reading (ALR-BOUNDED). */
export const rulesPerVitalMax = 32;
/** A hold this many times the vital's freshness limit is taken for a slip: glucose 5 h, SpO2 10 min. */
export const holdFreshnessMax = 20;
/** Smallest gap that breaks a run (`alerting.md` 2.1). */
export const maxGapLeastMs = 5_000;
/** A run is broken by silence of this many expected intervals. */
export const maxGapIntervals = 3;
/** Signals at 0.1 Hz and faster: one reading proves little, so a fault, a recovery takes this long. */
export const fastEveryMs = 10_000;
export const settleMs = 5_000;
/** Messages but no usable reading for this long is a poor signal (`alerting.md` 2.9). */
export const poorAfterMs = 30_000;
/** Less than well for this long is told (`alerting.md` 6); a clock that nobody believes for the longer one (`alerting.md` 5). */
export const degradedToldMs = 30_000;
export const clockUnsureToldMs = 10 * 60_000;
/** Errors in a row that make a patient not monitored (ALR-ISOLATE). */
export const errorsMax = 3;
/** Rounds of timers in one tick; each round can only make later ones due: late, stale, medium, asserted again. */
export const timerRoundsMax = 16;
/** Log time jumped further than this over a blind span: nothing heard before it counts (`records.md` 4). */
export const blindTrustMs = 24 * 3_600_000;
/** How long an acknowledgement holds by priority (`alerting.md` 4). */
export const acknowledgeMs = { high: 5 * 60_000, medium: 15 * 60_000, low: 60 * 60_000 } as const;
/** Glucose moves slowly: a high alert is asserted again after half an hour (Dexcom). */
export const acknowledgeGlucoseHighMs = 30 * 60_000;
/** A device repeats its state every 5 min (`interfaces.md` 3.4): an older one, out of a spool, says nothing of now. */
export const stateFreshForMs = 5 * 60_000;
/** So many excursions within so long raise an integral rule whatever their sum (`alerting.md` 2.6). */
export const burstViolations = 3;
export const burstMs = 60_000;
/** NEWS2 is not for children. */
export const news2AgeLeast = 16;
