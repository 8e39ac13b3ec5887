// Every route below `/api/v1` (`interfaces.md` 4.2): what it takes and what it answers, once. The API registers its routes
// with these schemas, the client infers its types from them, tests hold the running API and its document against them.
import { z } from 'zod';
import {
  AlertEventView,
  AlertView,
  LinkView,
  Measurement,
  MonitoringView,
  NewLink,
  PatientView,
  Problem,
  pageOf,
  Session,
  SignedIn,
  SignIn,
} from './http.ts';
import {
  AcknowledgeRequest,
  AssignmentView,
  DeviceToken,
  DeviceView,
  DischargeRequest,
  EndAssignment,
  EvidenceView,
  MonitoringOverview,
  NewAssignment,
  NewDevice,
  NewPatient,
  PatientChange,
  PatientDetail,
  PatientRef,
  Pending,
  ReadingView,
  RevokeRequest,
  SeriesView,
  SystemView,
  WaveformView,
} from './http-requests.ts';
import { type ProblemCode, pageDefault, pageMax, problemStatus } from './http-tables.ts';
import { type Lead, leadNames } from './lead.ts';
import { Id, Instant, Priority } from './scalar.ts';
import { type Vital, vitalNames } from './vital.ts';

const byId = { params: z.strictObject({ id: Id }) };
const limit = z.coerce.number<number>().int().min(1).max(pageMax).default(pageDefault);
const page = { limit, cursor: z.string().max(256).optional() };
const span = { from: Instant, to: Instant };
const vital = z.enum(vitalNames as readonly [Vital, ...Vital[]]);
const lead = z.enum(leadNames as readonly [Lead, ...Lead[]]);

export type ProblemStatus = (typeof problemStatus)[ProblemCode];
/** Problems by status; which codes a status can carry is in its schema. */
type Refusals = { readonly [S in ProblemStatus]?: z.ZodType<Problem> };

/** Any call can be refused so. */
const always = ['malformed', 'not-signed-in', 'role', 'rate', 'not-found', 'internal'] as const;
const changing = [...always, 'csrf', 'key-reused', 'invalid', 'too-long', 'log-down', 'audit-down'] as const;

/** One schema for equal codes, so that a document can name it once. */
const refusalSchemas = new Map<string, z.ZodType<Problem>>();

function refusalOf(codes: readonly ProblemCode[]): z.ZodType<Problem> {
  const name = codes.join();
  const known = refusalSchemas.get(name);
  if (known) return known;
  const [first] = codes as [ProblemCode, ...ProblemCode[]];
  const schema = Problem.extend({ status: z.literal(problemStatus[first]), code: z.enum(codes) });
  refusalSchemas.set(name, schema);
  return schema;
}

/** Problems of a route: those of every call, and its own. */
function refusals(common: readonly ProblemCode[], ...own: readonly ProblemCode[]): Refusals {
  const codes = [...new Set([...common, ...own])].sort();
  const byStatus = Map.groupBy(codes, (code) => problemStatus[code]);
  return Object.fromEntries([...byStatus].map(([status, these]) => [status, refusalOf(these)]));
}

const read = refusals(always);
const stored = refusals(always, 'store-down', 'too-long');

const scope = z.string().regex(/^(mine|(unit|patient):[A-Za-z0-9_-]{1,64})$/, 'expected mine, unit:ID or patient:ID');
const waveform = z.string().regex(/^[A-Za-z0-9_-]{1,64}:[A-Za-z0-9]{1,8}$/, 'expected PATIENT:LEAD');

/** The newest of a patient, from memory. */
export const LatestView = z.strictObject({
  patient: PatientView,
  asOf: Instant,
  monitoring: MonitoringView,
  measurements: z.array(Measurement),
});
export type LatestView = z.infer<typeof LatestView>;

/** Schemas by method and path; `response` by status. A route that is not here is none. */
export const routes = {
  'POST /session': { body: SignIn, response: { 200: SignedIn, ...refusals(changing, 'sign-in-failed', 'locked') } },
  'GET /session': { response: { 200: Session, ...read } },
  'DELETE /session': { response: { 204: z.null(), ...refusals(changing) } },
  'POST /links': { body: NewLink, response: { 201: LinkView, ...refusals(changing) } },

  'GET /patients': {
    querystring: z.strictObject({
      unit: Id.optional(),
      state: z.enum(['admitted', 'discharged']).default('admitted'),
      q: z.string().max(64).optional(),
      ...page,
    }),
    response: { 200: pageOf(z.union([PatientDetail, PatientRef])), ...refusals(always, 'cursor') },
  },
  'POST /patients': { body: NewPatient, response: { 201: PatientDetail, ...refusals(changing, 'exists') } },
  'GET /patients/{id}': { ...byId, response: { 200: z.union([PatientDetail, PatientRef]), ...read } },
  'PATCH /patients/{id}': {
    ...byId,
    body: PatientChange,
    response: { 200: PatientDetail, ...refusals(changing, 'exists', 'revision', 'revision-needed') },
  },
  'POST /patients/{id}/discharge': {
    ...byId,
    body: DischargeRequest,
    response: { 200: PatientDetail, ...refusals(changing, 'exists') },
  },

  'GET /devices': {
    querystring: z.strictObject(page),
    response: { 200: pageOf(DeviceView), ...refusals(always, 'cursor') },
  },
  'POST /devices': { body: NewDevice, response: { 201: DeviceToken, ...refusals(changing) } },
  'POST /devices/{id}/token': {
    ...byId,
    body: z.strictObject({}),
    response: { 200: DeviceToken, ...refusals(changing, 'exists') },
  },
  'POST /devices/{id}/revoke': {
    ...byId,
    body: RevokeRequest,
    response: { 200: DeviceView, ...refusals(changing, 'device-bound') },
  },

  'GET /patients/{id}/assignments': {
    ...byId,
    querystring: z.strictObject(page),
    response: { 200: pageOf(AssignmentView), ...refusals(always, 'cursor') },
  },
  'POST /assignments': {
    body: NewAssignment,
    response: { 201: AssignmentView, ...refusals(changing, 'period-overlap') },
  },
  'POST /assignments/{id}/end': {
    ...byId,
    body: EndAssignment,
    response: { 200: AssignmentView, ...refusals(changing, 'exists') },
  },

  'GET /patients/{id}/latest': { ...byId, response: { 200: LatestView, ...read } },
  'GET /patients/{id}/readings': {
    ...byId,
    querystring: z.strictObject({ vital, ...span, ...page }),
    response: { 200: pageOf(ReadingView), ...refusals(always, 'store-down', 'too-long', 'cursor') },
  },
  'GET /patients/{id}/series': {
    ...byId,
    querystring: z.strictObject({ vital, ...span, bucketMs: z.coerce.number<number>().int().min(1_000) }),
    response: { 200: SeriesView, ...stored },
  },
  'GET /patients/{id}/waveforms': {
    ...byId,
    querystring: z.strictObject({ lead, ...span }),
    response: { 200: z.strictObject({ items: z.array(WaveformView) }), ...stored },
  },
  /** Answers with a file, no JSON: every reading of a day of the patient's place, as comma-separated values. */
  'GET /patients/{id}/export.csv': {
    ...byId,
    querystring: z.strictObject({ date: z.iso.date(), zone: z.string().min(1).max(64).optional() }),
    response: refusals(always, 'store-down', 'invalid'),
  },

  'GET /alerts': {
    querystring: z.strictObject({
      state: z.enum(['open', 'closed', 'all']).default('open'),
      priority: Priority.optional(),
      kind: z.enum(['physiological', 'technical']).optional(),
      unit: Id.optional(),
      patient: Id.optional(),
      from: Instant.optional(),
      to: Instant.optional(),
      ...page,
    }),
    response: { 200: pageOf(AlertView), ...refusals(always, 'cursor') },
  },
  'GET /alerts/{id}': { ...byId, response: { 200: AlertView, ...read } },
  'GET /alerts/{id}/events': {
    ...byId,
    response: {
      200: z.strictObject({ items: z.array(z.strictObject({ event: AlertEventView, alert: AlertView })) }),
      ...refusals(always, 'store-down', 'log-down'),
    },
  },
  'GET /alerts/{id}/evidence': { ...byId, response: { 200: EvidenceView, ...read } },
  'POST /alerts/{id}/acknowledge': {
    ...byId,
    body: AcknowledgeRequest,
    response: {
      200: AlertView,
      202: Pending,
      ...refusals(changing, 'alert-revision', 'alert-closed', 'patient-mismatch'),
    },
  },

  'GET /monitoring': {
    querystring: z.strictObject({ unit: Id.optional() }),
    response: { 200: MonitoringOverview, ...read },
  },
  /** Answers with an event stream, no JSON: its data are in `live-stream.ts`. */
  'GET /stream': {
    querystring: z.strictObject({
      scope: scope.default('mine'),
      waveform: z.union([waveform.transform((one) => [one]), z.array(waveform)]).default([]),
    }),
    response: read,
  },
  'GET /system': { response: { 200: SystemView, ...read } },
  'GET /openapi.json': { response: { 200: z.record(z.string(), z.unknown()), ...read } },
} as const;

export type Routes = typeof routes;
/** A route by method and path, below `/api/v1`. */
export type RouteName = keyof Routes;
