import type { CoreEvent, EngineOptions, PartitionEngine, SnapshotEntry } from '../../../alerting/core/types.ts';
import { type Alert, type InputRecord, readingsOf } from '../../../contract/index.ts';

interface PatientState {
  /** Highest sequence number judged; a copy has none higher. */
  seq: number;
  readings: number;
  heardAt: number;
  isSilent: boolean;
}

type Tick = NonNullable<PartitionEngine['logTime']>;
interface PartitionState {
  epoch: number;
  id: string | null;
  bootId: string | null;
  tick: Tick | null;
  log: number;
}

/** Silence of the fake, in log time. */
export const fakeFreshMs = 30_000;

/**
 * A core just real enough to test its host: each second reading of a patient raises an alert whose id is its content,
 * silence in log time is told, claims count only if they name the current epoch, copies change nothing.
 */
export function fakeEngine({ partition }: EngineOptions): PartitionEngine {
  let state: PartitionState = { epoch: 0, id: null, bootId: null, tick: null, log: 0 };
  const patients = new Map<string, PatientState>();

  function apply(record: InputRecord, _position: number, out: CoreEvent[]): void {
    if (record.kind === 'owner') {
      const { after, id, bootId } = record.body;
      if (after === state.epoch) state = { ...state, epoch: after + 1, id, bootId };
    } else if (record.kind === 'tick') tick(record.body, out);
    else if (record.kind === 'readings') {
      for (const { seq } of readingsOf(record.body)) read(record.header.patient, seq, out);
    }
  }

  function tick(body: Tick, out: CoreEvent[]): void {
    const isCopy = state.tick?.epoch === body.epoch && body.n <= state.tick.n;
    if (body.epoch !== state.epoch || isCopy) return;
    const isFirst = state.tick === null;
    state = { ...state, tick: { ...body }, log: body.log };
    for (const [patient, one] of patients) {
      // Before the first tick there was no time to hear anything at.
      if (isFirst) one.heardAt = body.log;
      if (one.isSilent || body.log < one.heardAt + fakeFreshMs) continue;
      one.isSilent = true;
      out.push(silent(patient, one.heardAt + fakeFreshMs));
    }
  }

  function read(patient: string, seq: number, out: CoreEvent[]): void {
    const one = patients.get(patient) ?? { seq: 0, readings: 0, heardAt: 0, isSilent: false };
    patients.set(patient, one);
    if (seq <= one.seq) return;
    Object.assign(one, { seq, readings: one.readings + 1, heardAt: state.log, isSilent: false });
    if (one.readings % 2 === 0) out.push(raised(patient, seq));
  }

  return {
    apply,
    get owner() {
      return { epoch: state.epoch, id: state.id, bootId: state.bootId };
    },
    get logTime() {
      return state.tick ?? undefined;
    },
    counters: { 'late-readings': 0 },
    *snapshot(): Generator<SnapshotEntry> {
      yield { key: 'partition', state: { ...state, partition } };
      for (const [key, one] of patients) yield { key, state: one };
    },
    restore(entries, out) {
      for (const { key, state: saved } of entries) {
        if (saved === null) out.push(silent(key, 0));
        else if (key === 'partition') state = saved as PartitionState;
        else patients.set(key, saved as PatientState);
      }
    },
  };
}

function silent(patient: string, at: number): CoreEvent {
  const body = {
    at,
    patient,
    signal: 'spo2',
    source: 'd-1',
    state: 'not-monitored',
    cause: 'stale',
    since: at,
  } as const;
  return { kind: 'monitoring', body };
}

function raised(patient: string, seq: number): CoreEvent {
  const alert: Alert = {
    id: `a-${patient}-${seq}`,
    revision: 1,
    patient,
    kind: 'physiological',
    family: 'spo2-low',
    scope: 'patient',
    state: 'active',
    priority: 'high',
    signalPriority: 'high',
    peak: 'high',
    floor: true,
    flags: [],
    onsetAt: seq,
    raisedAt: seq,
    rules: [],
    acknowledged: null,
    paused: null,
    responsible: null,
    escalation: null,
    cause: null,
    closedAt: null,
    closedWhy: null,
    evidence: { ruleSet: null, readings: [], omitted: 0 },
  };
  const event = `e-${patient}-${seq}`;
  return {
    kind: 'alert',
    body: { event, n: 1, type: 'raised', at: seq, requestId: null, by: null, refused: null, alert },
  };
}
