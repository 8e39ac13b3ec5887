// Tables only, no zod: the console imports this too. Words of the HTTP API and the live stream (`interfaces.md` 4, 5).

/** Path below which every route of this version lies. */
export const apiPath = '/api/v1';

/** How the newest measurement of a vital stands now. Only `live` and `degraded` have a `value` or `bound`. */
export const measurementStates = ['live', 'degraded', 'stale', 'absent', 'never'] as const;
export type MeasurementState = (typeof measurementStates)[number];

/** Events of the live stream; a client ignores others. Only `alert` carries an `id:`. */
export const streamEvents = ['snapshot', 'tile', 'alert', 'system', 'w', 'hb', 'reset', 'end'] as const;
export type StreamEventName = (typeof streamEvents)[number];

/** Why the server ended a stream; `slow`: the client did not take what was sent. */
export const endReasons = ['signed-out', 'rights', 'shutdown', 'slow'] as const;
export type EndReason = (typeof endReasons)[number];

/** Why the client has to begin again without a cursor: it was none, is too old or too far back; or a patient left the list. */
export const resetReasons = ['cursor', 'too-old', 'too-many', 'patients'] as const;
export type ResetReason = (typeof resetReasons)[number];

/** A heartbeat comes each second; the next is due at the latest by `nextBy`, this much later. */
export const heartbeatEveryMs = 1_000;
export const heartbeatNextByMs = 3_000;

/** Most leads that one stream carries. */
export const streamLeadsMax = 8;

/** Items of a page of a list, if the caller does not say, and at most. */
export const pageDefault = 100;
export const pageMax = 500;

/** Header of changing calls, with the value that GET /session gives. */
export const csrfHeader = 'vigil-csrf';

/** Every code of a problem and its status. */
export const problemStatus = {
  malformed: 400,
  cursor: 400,
  'not-signed-in': 401,
  'sign-in-failed': 401,
  role: 403,
  'care-team': 403,
  csrf: 403,
  'step-up': 403,
  'not-found': 404,
  'alert-revision': 409,
  'alert-closed': 409,
  'floor-alert': 409,
  'patient-monitored': 409,
  'device-bound': 409,
  'period-overlap': 409,
  'draft-stale': 409,
  exists: 409,
  revision: 412,
  invalid: 422,
  unit: 422,
  rails: 422,
  'too-long': 422,
  'patient-mismatch': 422,
  'key-reused': 422,
  'revision-needed': 428,
  rate: 429,
  locked: 429,
  internal: 500,
  'log-down': 503,
  'store-down': 503,
  'audit-down': 503,
  'engine-silent': 503,
} as const satisfies Record<string, number>;
export type ProblemCode = keyof typeof problemStatus;
