// What the projection holds, as people and programs see it: names, RFC 3339, ages now. Class C (API-PATIENT, API-AGE,
// API-STATE). It reads the projection and changes nothing.
import {
  type Alert,
  type AlertEvent,
  type AlertEventView,
  type AlertView,
  type Assignment,
  type AssignmentView,
  type EvidenceReading,
  LEADS,
  type Lead,
  type Measurement,
  type Patient,
  type PatientDetail,
  type PatientView,
  type ReadingView,
  signalName,
  type TileView,
  toInstant,
  VITALS,
  type Vital,
  vitalNames,
} from '../contract/index.ts';
import type { HeldReading } from './latest-values.ts';
import { measurementOf, readingView } from './measurement.ts';
import { monitoringView } from './monitoring-board.ts';
import type { Projection } from './projection.ts';
import type { Registered } from './registry-view.ts';

/** Identifiers of a patient; of one that the registry does not know, the id alone. */
export function patientView(projection: Projection, id: string): PatientView {
  const body = projection.registry.get('patient', id)?.body;
  if (!body) return { id, mrn: '', name: '', birthDate: '', bed: '' };
  const { mrn, name, birthDate, bed } = body;
  return { id, mrn, name, birthDate, bed };
}

export function patientDetail(projection: Projection, { revision, body }: Registered<Patient>): PatientDetail {
  const { id, unit, zone, highRisk, state } = body;
  const monitoring = monitoringView(projection.stateOf(id));
  return { ...patientView(projection, id), unit, zone, highRisk, state, revision, monitoring };
}

/** Newest measurements of the vitals that are assigned now, in the order of the table of vitals. */
export function measurementsOf(projection: Projection, patient: string): Measurement[] {
  const now = projection.time.now();
  const everyMs = new Map<string, number>();
  for (const { signals } of projection.registry.wornAt(patient, now))
    for (const signal of signals) everyMs.set(signalName(signal), signal.everyMs);
  return vitalNames
    .filter((vital) => everyMs.has(vital))
    .map((vital) =>
      measurementOf(vital, projection.values.get(patient, vital), (reading) => ({
        now,
        binding: projection.registry.binding(patient, reading.device, reading.effectiveAt),
        everyMs: everyMs.get(vital),
      })),
    );
}

export function tileView(projection: Projection, patient: string): TileView {
  const now = projection.time.now();
  const worn = projection.registry.wornAt(patient, now);
  const due = worn.flatMap(({ signals }) => signals.map(signalName)).filter((name): name is Lead => name in LEADS);
  return {
    patient: patientView(projection, patient),
    unit: projection.registry.get('patient', patient)?.body.unit ?? 'unknown',
    asOf: toInstant(now),
    monitoring: monitoringView(projection.stateOf(patient)),
    measurements: measurementsOf(projection, patient),
    leads: [...new Set<Lead>([...due, ...projection.waves.leadsOf(patient)])],
    unwatched: projection.unwatched.of(projection.partitionOf(patient), now),
    alteredLimits: [],
    pauses: [],
    standby: null,
  };
}

export function alertView(projection: Projection, alert: Alert): AlertView {
  const { evidence: _, patient, onsetAt, raisedAt, closedAt, acknowledged, rules, cause, ...rest } = alert;
  return {
    ...rest,
    cause: cause && { ...cause },
    patient: patient === null ? null : patientView(projection, patient),
    onsetAt: toInstant(onsetAt),
    raisedAt: toInstant(raisedAt),
    closedAt: closedAt === null ? null : toInstant(closedAt),
    acknowledged: acknowledged && {
      by: acknowledged.by,
      name: projection.registry.get('user', acknowledged.by)?.body.name ?? acknowledged.by,
      at: toInstant(acknowledged.at),
      verdict: acknowledged.verdict,
      until: toInstant(acknowledged.until),
    },
    rules: rules.map(({ reading, onsetAt: ruleOnsetAt, ...rule }) => ({
      ...rule,
      onsetAt: toInstant(ruleOnsetAt),
      reading: reading && patient !== null ? ruleReading(projection, patient, reading) : null,
    })),
  };
}

/** The reading that decided: with its number while it is fresh, afterwards as what was. */
function ruleReading(projection: Projection, patient: string, evidence: EvidenceReading): Measurement | null {
  const held = heldEvidence(evidence);
  if (!held) return null;
  const binding = projection.registry.binding(patient, held.device, held.effectiveAt);
  const context = { now: projection.time.now(), binding, everyMs: undefined };
  return measurementOf(held.vital, { newest: held, usable: held }, () => context);
}

function heldEvidence(evidence: EvidenceReading): HeldReading | undefined {
  if (!Object.hasOwn(VITALS, evidence.vital)) return undefined;
  const { value, bound, takenAt, vital, unit: _, ...rest } = evidence;
  return {
    ...rest,
    vital: vital as Vital,
    effectiveAt: takenAt,
    flags: [],
    ...(value !== undefined && { value }),
    ...(bound !== undefined && { bound }),
  };
}

/** Readings of an alert's evidence, as they were taken. */
export function evidenceReadings(projection: Projection, { patient, evidence }: Alert): ReadingView[] {
  return evidence.readings.flatMap((reading) => {
    const held = heldEvidence(reading);
    if (!held || patient === null) return [];
    return readingView(held, projection.registry.binding(patient, held.device, held.effectiveAt));
  });
}

export function alertEventView({ event, n, type, at, by, requestId, refused }: AlertEvent): AlertEventView {
  return { id: event, n, type, at: toInstant(at), by, requestId, refused };
}

export function assignmentView({ from, to, ...assignment }: Assignment): AssignmentView {
  return { ...assignment, from: toInstant(from), to: to === null ? null : toInstant(to) };
}
