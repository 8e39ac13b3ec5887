import type {
  AlertMessage,
  AlertView,
  Measurement,
  Snapshot,
  SystemState,
  TileView,
} from '../../../api/console/wire.ts';

/** 14:02:12 where the server stands. */
export const now = '2026-03-01T14:02:12.000Z';
export const since = '2026-03-01T13:58:59.000Z';
const patient = { id: 'p-1', mrn: '4471', name: 'ALDER, Mary', birthDate: '1950-02-11', bed: 'Bed 1' };

const taken = {
  unit: '%',
  takenAt: '2026-03-01T14:02:11.000Z',
  receivedAt: '2026-03-01T14:02:11.100Z',
  acceptedAt: '2026-03-01T14:02:11.200Z',
  ageMs: 1_000,
  freshForMs: 30_000,
  quality: 'good',
  clock: 'synced',
  flags: [] as string[],
  reading: 'd-1/1/7',
  device: 'd-1',
  boundFrom: since,
  boundTo: null,
} as const;

/** An SpO2 of 95, live, a second old. */
export function live(changes: object = {}): Measurement {
  return { vital: 'spo2', state: 'live', value: 95, ...taken, ...changes } as Measurement;
}

/** An SpO2 that was 95 and is too old to speak for now. */
export function stale(changes: object = {}): Measurement {
  const last = { value: 95, takenAt: '2026-03-01T14:01:11.000Z' };
  return { vital: 'spo2', state: 'stale', ...taken, ageMs: 61_000, last, ...changes } as Measurement;
}

export function absent(changes: object = {}): Measurement {
  return { ...stale(), state: 'absent', absent: 'no-contact', ...changes } as Measurement;
}

export function never(): Measurement {
  return { vital: 'spo2', state: 'never', unit: '%', freshForMs: 30_000 };
}

export function tile({ monitoring, ...changes }: { monitoring?: object; [key: string]: unknown } = {}): TileView {
  return {
    patient,
    unit: 'w-1',
    asOf: now,
    monitoring: { state: 'monitored', since, cause: null, signals: [], ...monitoring },
    measurements: [live()],
    leads: [],
    unwatched: [],
    alteredLimits: [],
    pauses: [],
    standby: null,
    ...changes,
  } as TileView;
}

/** SpO2 very low, active and high, on a reading of 84. */
export function alert(changes: object = {}): AlertView {
  return {
    id: 'a-1',
    revision: 1,
    patient,
    kind: 'physiological',
    family: 'spo2-low',
    scope: 'patient',
    state: 'active',
    priority: 'high',
    signalPriority: 'high',
    peak: 'high',
    floor: false,
    flags: [],
    onsetAt: '2026-03-01T14:01:30.000Z',
    raisedAt: '2026-03-01T14:01:45.000Z',
    rules: [
      {
        id: 'spo2-very-low',
        version: 1,
        priority: 'high',
        onsetAt: '2026-03-01T14:01:30.000Z',
        limit: '<= 88 %',
        layer: 'product',
        reading: live({ value: 84 }),
      },
    ],
    acknowledged: null,
    paused: null,
    responsible: null,
    escalation: null,
    cause: null,
    closedAt: null,
    closedWhy: null,
    ...changes,
  } as AlertView;
}

/** A signal that is not watched, low until told otherwise. */
export function technical(changes: object = {}): AlertView {
  return alert({
    id: 'a-2',
    kind: 'technical',
    family: 'not-monitored',
    scope: 'source:d-1:spo2',
    rules: [],
    cause: { code: 'stale', id: 'c-1' },
    ...changes,
  });
}

export const reed = {
  by: 'u-1',
  name: 'K. Reed',
  at: '2026-03-01T14:02:00.000Z',
  verdict: null,
  until: '2026-03-01T14:07:00.000Z',
};

export function message(n: number, view: AlertView, type = 'raised'): AlertMessage {
  const event = { id: `e-${n}`, n, type, at: now, by: null, requestId: null, refused: null };
  return { event, replay: false, alert: view };
}

export function system(changes: object = {}): SystemState {
  const patients = { monitored: 1, degraded: 0, notMonitored: 0 };
  return { state: 'monitored', system: false, since, causes: [], patients, unwatched: [], ...changes } as SystemState;
}

export function snapshot(changes: object = {}): Snapshot {
  const base = { serverTs: now, cursor: 'c', realm: 'test', version: '0.1.0', config: 'f' };
  return { ...base, system: system(), tiles: [tile()], alerts: [], ...changes } as Snapshot;
}
