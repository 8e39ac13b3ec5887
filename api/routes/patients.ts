// Routes of patients. Class C. Invariants: two patients who are in have different numbers; names are shown to those alone who
// care for patients; who leaves is no longer armed. On failure: the log refuses, and nothing is changed.
import { apiPath, type Patient, routes } from '../../contract/index.ts';
import type { ApiContext, App, Caller } from '../context.ts';
import { ProblemError } from '../errors.ts';
import { newId } from '../names.ts';
import { pageOfList } from '../pages.ts';
import type { Registered } from '../registry-view.ts';
import { patientDetail } from '../views.ts';
import { about, author, checkRevision, clinical, patientOf, setRevision, staff } from './shared.ts';

/** Who is in, admitting, changing and discharging. */
export function addPatientRoutes(app: App, context: ApiContext): void {
  addPatientReads(app, context);
  addAdmission(app, context);
  addChanges(app, context);
}

function addPatientReads(app: App, context: ApiContext): void {
  const { projection } = context;

  /** Names are for those who care for patients; for others a patient is an id. */
  const viewFor = (caller: Caller, patient: Registered<Patient>) =>
    mayKnow(caller, context) ? patientDetail(projection, patient) : { id: patient.body.id };

  app.get(
    `${apiPath}/patients`,
    {
      schema: routes['GET /patients'],
      config: { who: staff, act: 'patients.list' },
    },
    ({ query, caller }) => {
      const { unit, state, q } = query;
      const wanted = projection.registry.all('patient').filter(({ body }) => body.state === state);
      const found = wanted.filter(({ body }) => (unit === undefined || body.unit === unit) && matches(body, q, caller));
      const { items, next } = pageOfList(found, ({ body }) => body.id, query);
      return { items: items.map((item) => viewFor(caller, item)), next };
    },
  );

  const matches = (patient: Patient, q: string | undefined, caller: Caller) =>
    q === undefined ||
    (mayKnow(caller, context) &&
      [patient.name, patient.mrn, patient.bed].some((text) => text.toLowerCase().includes(q.toLowerCase())));

  app.get(
    `${apiPath}/patients/:id`,
    {
      schema: routes['GET /patients/{id}'],
      config: { who: staff, act: 'patient.read' },
    },
    (request, reply) => {
      const patient = patientOf(context, request.params.id);
      about(request, 'patient', patient.body.id, patient.body.id);
      setRevision(reply, patient.revision);
      return viewFor(request.caller, patient);
    },
  );
}

function addAdmission(app: App, context: ApiContext): void {
  const { projection, registrar, ports } = context;

  app.post(
    `${apiPath}/patients`,
    {
      schema: routes['POST /patients'],
      config: { who: clinical, localInTest: true, act: 'patient.admit' },
    },
    (request, reply) =>
      registrar.alone(async () => {
        const { mrn } = request.body;
        const same = projection.admitted.find(({ body }) => body.mrn === mrn);
        if (same)
          throw new ProblemError('exists', 'a patient with this number is in', { current: { id: same.body.id } });
        const id = newId('p', ports.random, (each) => projection.registry.get('patient', each) !== undefined);
        const body: Patient = { id, ...request.body, state: 'admitted' };
        checkZone(body.zone);
        about(request, 'patient', id, id);
        request.audit.change = { before: null, after: body };
        const who = author(request, context);
        await registrar.put([{ kind: 'patient', revision: 1, body }], who);
        reply.code(201);
        setRevision(reply, 1);
        return patientDetail(projection, { revision: 1, at: who.at, body });
      }),
  );
}

function addChanges(app: App, context: ApiContext): void {
  const { projection, registrar } = context;

  app.patch(
    `${apiPath}/patients/:id`,
    {
      schema: routes['PATCH /patients/{id}'],
      config: { who: clinical, act: 'patient.change' },
    },
    (request, reply) =>
      registrar.alone(async () => {
        const { revision, body: before } = patientOf(context, request.params.id);
        about(request, 'patient', before.id, before.id);
        checkRevision(request, revision);
        const given = Object.entries(request.body).filter(([, value]) => value !== undefined);
        const body: Patient = { ...before, ...Object.fromEntries(given) };
        checkZone(body.zone);
        const same = projection.admitted.find(({ body: other }) => other.mrn === body.mrn && other.id !== body.id);
        if (same)
          throw new ProblemError('exists', 'a patient with this number is in', { current: { id: same.body.id } });
        request.audit.change = { before, after: body };
        const who = author(request, context);
        await registrar.put([{ kind: 'patient', revision: revision + 1, body }], who);
        setRevision(reply, revision + 1);
        return patientDetail(projection, { revision: revision + 1, at: who.at, body });
      }),
  );

  app.post(
    `${apiPath}/patients/:id/discharge`,
    {
      schema: routes['POST /patients/{id}/discharge'],
      config: { who: clinical, localInTest: true, act: 'patient.discharge' },
    },
    (request, reply) =>
      registrar.alone(async () => {
        const { revision, body: before } = patientOf(context, request.params.id);
        const { id } = before;
        about(request, 'patient', id, id);
        if (before.state === 'discharged') throw new ProblemError('exists', 'the patient has left already');
        const who = author(request, context);
        const body: Patient = { ...before, state: 'discharged' };
        const ended = projection.registry.endedAt(id, who.at);
        request.audit.change = { before, after: body };
        const next = { revision: revision + 1, body };
        await registrar.discharge(next, ended, { id, revision: next.revision, reason: request.body.reason }, who);
        setRevision(reply, next.revision);
        return patientDetail(projection, { ...next, at: who.at });
      }),
  );
}

/** The local operator of a test realm made the simulated patients, and finds them again by their number. */
function mayKnow(caller: Caller, { options }: ApiContext): boolean {
  if (caller.kind === 'local') return options.realm === 'test';
  return caller.kind === 'user' && caller.roles.some((role) => role === 'clinician' || role === 'lead');
}

function checkZone(zone: string): void {
  const errors = [{ path: 'zone', code: 'zone', message: 'expected an IANA time zone' }];
  if (!isZone(zone)) throw new ProblemError('invalid', 'there is no such time zone', { errors });
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
