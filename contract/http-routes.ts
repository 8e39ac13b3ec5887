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
import { pageDefault, pageMax } from './http-tables.ts';
import { type Lead, leadNames } from './lead.ts';
import { Id, Instant, Priority } from './scalar.ts';
import { type Vital, vitalNames } from './vital.ts';

const byId = { params: z.strictObject({ id: Id }) };
const limit = z.coerce.number<number>().int().min(1).max(pageMax).default(pageDefault);
const page = { limit, cursor: z.string().max(256).optional() };
const span = { from: Instant, to: Instant };
const vital = z.enum(vitalNames as readonly [Vital, ...Vital[]]);
const lead = z.enum(leadNames as readonly [Lead, ...Lead[]]);

/** Every route can answer with a problem. */
const problems = { '4xx': Problem, '5xx': Problem };

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
  'POST /session': { body: SignIn, response: { 200: SignedIn, ...problems } },
  'GET /session': { response: { 200: Session, ...problems } },
  'DELETE /session': { response: { 204: z.null(), ...problems } },
  'POST /links': { body: NewLink, response: { 201: LinkView, ...problems } },

  'GET /patients': {
    querystring: z.strictObject({
      unit: Id.optional(),
      state: z.enum(['admitted', 'discharged']).default('admitted'),
      q: z.string().max(64).optional(),
      ...page,
    }),
    response: { 200: pageOf(z.union([PatientDetail, PatientRef])), ...problems },
  },
  'POST /patients': { body: NewPatient, response: { 201: PatientDetail, ...problems } },
  'GET /patients/{id}': { ...byId, response: { 200: z.union([PatientDetail, PatientRef]), ...problems } },
  'PATCH /patients/{id}': { ...byId, body: PatientChange, response: { 200: PatientDetail, ...problems } },
  'POST /patients/{id}/discharge': { ...byId, body: DischargeRequest, response: { 200: PatientDetail, ...problems } },

  'GET /devices': { querystring: z.strictObject(page), response: { 200: pageOf(DeviceView), ...problems } },
  'POST /devices': { body: NewDevice, response: { 201: DeviceToken, ...problems } },
  'POST /devices/{id}/token': { ...byId, body: z.strictObject({}), response: { 200: DeviceToken, ...problems } },
  'POST /devices/{id}/revoke': { ...byId, body: RevokeRequest, response: { 200: DeviceView, ...problems } },

  'GET /patients/{id}/assignments': {
    ...byId,
    querystring: z.strictObject(page),
    response: { 200: pageOf(AssignmentView), ...problems },
  },
  'POST /assignments': { body: NewAssignment, response: { 201: AssignmentView, ...problems } },
  'POST /assignments/{id}/end': { ...byId, body: EndAssignment, response: { 200: AssignmentView, ...problems } },

  'GET /patients/{id}/latest': { ...byId, response: { 200: LatestView, ...problems } },
  'GET /patients/{id}/readings': {
    ...byId,
    querystring: z.strictObject({ vital, ...span, limit, cursor: Instant.optional() }),
    response: { 200: pageOf(ReadingView), ...problems },
  },
  'GET /patients/{id}/series': {
    ...byId,
    querystring: z.strictObject({ vital, ...span, bucketMs: z.coerce.number<number>().int().min(1_000) }),
    response: { 200: SeriesView, ...problems },
  },
  'GET /patients/{id}/waveforms': {
    ...byId,
    querystring: z.strictObject({ lead, ...span }),
    response: { 200: z.strictObject({ items: z.array(WaveformView) }), ...problems },
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
    response: { 200: pageOf(AlertView), ...problems },
  },
  'GET /alerts/{id}': { ...byId, response: { 200: AlertView, ...problems } },
  'GET /alerts/{id}/events': {
    ...byId,
    response: {
      200: z.strictObject({ items: z.array(z.strictObject({ event: AlertEventView, alert: AlertView })) }),
      ...problems,
    },
  },
  'GET /alerts/{id}/evidence': { ...byId, response: { 200: EvidenceView, ...problems } },
  'POST /alerts/{id}/acknowledge': {
    ...byId,
    body: AcknowledgeRequest,
    response: { 200: AlertView, 202: Pending, ...problems },
  },

  'GET /monitoring': {
    querystring: z.strictObject({ unit: Id.optional() }),
    response: { 200: MonitoringOverview, ...problems },
  },
  /** Answers with an event stream, no JSON: its data are in `live-stream.ts`. */
  'GET /stream': {
    querystring: z.strictObject({
      scope: scope.default('mine'),
      waveform: z.union([waveform.transform((one) => [one]), z.array(waveform)]).default([]),
    }),
    response: problems,
  },
  'GET /system': { response: { 200: SystemView, ...problems } },
  'GET /openapi.json': { response: { 200: z.record(z.string(), z.unknown()), ...problems } },
} as const;

export type Routes = typeof routes;
/** A route by method and path, below `/api/v1`. */
export type RouteName = keyof Routes;
