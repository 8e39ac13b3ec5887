import { describe, expect, test } from 'vitest';
import { answer, type OpsView } from '../../../alerting/ops-pages.ts';
import type { MonitoringSummary, OpsSnapshot } from '../../../alerting/ops-snapshot.ts';
import type { RoleStatus } from '../../../contract/index.ts';

const now = Date.parse('2026-03-01T02:14:08.000Z');
const since = Date.parse('2026-03-01T02:10:04.000Z');

function snapshot(monitoring: Partial<MonitoringSummary> = {}, ...roles: RoleStatus[]): OpsSnapshot {
  const patients = { monitored: 8, degraded: 0, notMonitored: 0 };
  const all = { patients, causes: [], system: false, since, stagesAgeMs: { engine: 40 }, stationsAbleToSound: 2 };
  return { roles, monitoring: { ...all, ...monitoring } };
}

function role(state: RoleStatus['state'], causes: string[] = []): RoleStatus {
  return { role: 'alerting', state, causes, counters: { 'events-written': 3 }, gauges: { 'last-tick-age-ms': 12 } };
}

function view(changes: Partial<OpsView> = {}): OpsView {
  const whole = { snapshot: snapshot({}, role('ok')), now, fedAt: now - 500, stuckSince: undefined };
  return { ...whole, startedAt: since - 60_000, timesStuck: 0, ...changes };
}

function ask(path: string, changes: Partial<OpsView> = {}) {
  const { status, body } = answer('GET', path, view(changes));
  return { status, body: JSON.parse(body) as Record<string, unknown> };
}

describe('/monitoringz', () => {
  test('everybody is watched', { tags: ['SYS-SAFE'] }, () => {
    expect(ask('/monitoringz')).toEqual({
      status: 200,
      body: {
        state: 'monitored',
        system: false,
        since: '2026-03-01T02:10:04.000Z',
        causes: [],
        patients: { monitored: 8, degraded: 0, notMonitored: 0 },
        stagesAgeMs: { engine: 540 },
        stationsAbleToSound: 2,
        nextBy: '2026-03-01T02:14:11.000Z',
      },
    });
  });

  test('a loose probe: 503, and not a cause of the system', { tags: ['SYS-SAFE'] }, () => {
    const loose = { patients: { monitored: 6, degraded: 1, notMonitored: 1 }, causes: ['stale'] };
    const { status, body } = ask('/monitoringz', { snapshot: snapshot(loose) });
    expect({ status, state: body['state'], system: body['system'], causes: body['causes'] }).toEqual({
      status: 503,
      state: 'not-monitored',
      system: false,
      causes: ['stale'],
    });
  });

  test('degraded is watched: 200', { tags: ['SYS-SAFE'] }, () => {
    const poor = { patients: { monitored: 7, degraded: 1, notMonitored: 0 }, causes: ['poor-signal'] };
    expect(ask('/monitoringz', { snapshot: snapshot(poor) })).toMatchObject({
      status: 200,
      body: { state: 'degraded' },
    });
  });

  test.each([
    { what: 'a stuck engine', changes: { stuckSince: now - 1_200 }, cause: 'engine-stuck', at: now - 1_200 },
    { what: 'no snapshot for over 5 s', changes: { fedAt: now - 5_001 }, cause: 'engine-stuck', at: now - 5_001 },
    {
      what: 'no snapshot yet',
      changes: { snapshot: undefined, fedAt: undefined },
      cause: 'starting',
      at: since - 60_000,
    },
  ])(
    '$what: nobody is watched, whatever was true before',
    { tags: ['ALR-WATCHDOG', 'SYS-SAFE'] },
    ({ changes, cause, at }) => {
      const { status, body } = ask('/monitoringz', changes);
      expect({ status, ...body }).toMatchObject({
        status: 503,
        state: 'not-monitored',
        system: true,
        causes: [cause],
        since: new Date(at).toISOString(),
        patients: { monitored: 0, degraded: 0 },
      });
    },
  );
});

describe('/readyz and /healthz', () => {
  test.each([
    { changes: {}, status: 200, causes: [] },
    { changes: { snapshot: snapshot({}, role('degraded', ['ticks-late'])) }, status: 200, causes: [] },
    {
      changes: { snapshot: snapshot({}, role('down', ['log-down'])) },
      status: 503,
      causes: ['alerting-down', 'log-down'],
    },
    { changes: { snapshot: snapshot({}, role('starting')) }, status: 503, causes: ['alerting-starting'] },
    { changes: { stuckSince: now }, status: 503, causes: ['engine-stuck'] },
  ])('ready: $causes', { tags: ['SYS-SAFE'] }, ({ changes, status, causes }) => {
    expect(ask('/readyz', changes)).toMatchObject({ status, body: { ready: status === 200, causes } });
    expect(ask('/healthz', changes).status).toBe(200);
  });
});

describe('/metrics', () => {
  test('each family once, counters and gauges by role, nothing of a patient', { tags: ['SEC-LOG'] }, () => {
    const store: RoleStatus = {
      ...role('degraded'),
      role: 'store-writer',
      counters: { 'events-written': 1 },
      gauges: {},
    };
    const { body } = answer('GET', '/metrics', view({ snapshot: snapshot({}, role('ok'), store), timesStuck: 2 }));
    expect(body).toBe(`# TYPE vigil_role_state gauge
vigil_role_state{role="alerting",state="ok"} 1
vigil_role_state{role="store-writer",state="degraded"} 1
# TYPE vigil_events_written_total counter
vigil_events_written_total{role="alerting"} 3
vigil_events_written_total{role="store-writer"} 1
# TYPE vigil_last_tick_age_ms gauge
vigil_last_tick_age_ms{role="alerting"} 12
# TYPE vigil_patients gauge
vigil_patients{state="monitored"} 8
vigil_patients{state="degraded"} 0
vigil_patients{state="not-monitored"} 0
# TYPE vigil_engine_stuck gauge
vigil_engine_stuck 0
# TYPE vigil_engine_stuck_total counter
vigil_engine_stuck_total 2
`);
  });
});

test.each([
  { method: 'GET', path: '/', status: 404 },
  { method: 'GET', path: '/toString', status: 404 },
  { method: 'POST', path: '/metrics', status: 405 },
  { method: 'HEAD', path: '/healthz?x=1', status: 200 },
])('$method $path is $status', { tags: ['SYS-SAFE'] }, ({ method, path, status }) => {
  expect(answer(method, path, view()).status).toBe(status);
});
