/** A kit keeps five minutes of outage: a readings message and a block a second, glucose and states beside; about 400 KB. */
export const outboxMessagesMax = 620;

/** Unacknowledged publishes of a kit, one below the broker's window of 64 so that a heartbeat finds room. */
export const windowMessages = 63;

/** Of these, messages of the late lane: it takes what live leaves. */
export const lateWindowMessages = 8;

/** A publish unacknowledged for so long means a dead link: it is closed and sent again on a new one. */
export const acknowledgeWithinMs = 20_000;

/** A kit that got nothing acknowledged for so long has its trouble told to a person, once. */
export const troubleAfterMs = 30_000;

/** Reconnecting: full jitter between these, the upper end doubling with each failure in a row. */
export const reconnectMs = { least: 1_000, most: 30_000 } as const;

/** A connection that lasted this long makes the next failure the first again. */
export const steadyAfterMs = 60_000;

/** A kit that is asked to stop waits so long for its last acknowledgements. */
export const goodbyeWithinMs = 2_000;

/** A complete device state at least so often (`interfaces.md` 3.4). */
export const stateEveryMs = 300_000;

/** A beat names the next one's latest time: the interval and this. */
export const beatGraceMs = 1_000;

/** A continuous glucose monitor reports so often, and once when it is switched on. */
export const glucoseEveryMs = 300_000;

/**
 * After a pause of the process the seconds missed are sent at once, as a device with a buffer would; beyond this they
 * were never measured, and the gap shows in the block's index.
 */
export const catchUpSecondsMax = 60;

/** `sim run` waits so long for a system that is starting. */
export const readyWithinMs = 60_000;

/** One request on a local socket. */
export const localAnswerWithinMs = 10_000;

/** Patients of one ward; beyond, the load generator is the tool. */
export const wardPatientsMax = 64;
