// Routes of assignments. Class C: a wrong one gives a reading to the wrong patient. Invariants: periods of a device do not
// overlap; what is armed is what the device is registered to send. On failure: the log refuses, and nothing is bound.
import { type Assignment, apiPath, routes } from '../../contract/index.ts';
import type { ApiContext, App } from '../context.ts';
import { ProblemError } from '../errors.ts';
import { newId } from '../names.ts';
import { pageOfList } from '../pages.ts';
import { assignmentView } from '../views.ts';
import { about, author, clinical, deviceOf, instantMs, patientOf, setRevision } from './shared.ts';

/** Who wears which device. The device's registration says what is armed from then on. */
export function addAssignmentRoutes(app: App, context: ApiContext): void {
  const { projection, registrar, ports } = context;

  app.get(
    `${apiPath}/patients/:id/assignments`,
    {
      schema: routes['GET /patients/{id}/assignments'],
      config: { who: [...clinical, 'technician'], act: 'assignments.list' },
    },
    (request) => {
      const { id } = patientOf(context, request.params.id).body;
      about(request, 'patient', id, id);
      const { items, next } = pageOfList(projection.registry.assignmentsOf(id), ({ body }) => body.id, request.query);
      return { items: items.map(({ body }) => assignmentView(body)), next };
    },
  );

  app.post(
    `${apiPath}/assignments`,
    {
      schema: routes['POST /assignments'],
      config: { who: clinical, localInTest: true, act: 'assignment.begin' },
    },
    (request, reply) =>
      registrar.alone(async () => {
        const { patient, device, from } = request.body;
        const who = author(request, context);
        const { state } = patientOf(context, patient).body;
        const { signals, revoked } = deviceOf(context, device).body;
        if (state === 'discharged') throw new ProblemError('invalid', 'the patient has left');
        if (revoked) throw new ProblemError('invalid', 'the device is revoked');
        const begins = from === undefined ? who.at : instantMs(from);
        checkFree(device, begins);
        const id = newId('as', ports.random, (each) => projection.registry.get('assignment', each) !== undefined);
        const body: Assignment = { id, revision: 1, patient, device, gateway: device, from: begins, to: null, signals };
        about(request, 'assignment', id, patient);
        request.audit.change = { before: null, after: body };
        await registrar.assign(body, who);
        reply.code(201);
        setRevision(reply, 1);
        return assignmentView(body);
      }),
  );

  /** A reading belongs to one patient: periods of a device do not overlap. */
  const checkFree = (device: string, from: number) => {
    const other = projection.registry.assignmentsOfDevice(device).find(({ body: { to } }) => to === null || to > from);
    if (other)
      throw new ProblemError('period-overlap', 'the device is worn in that time', { current: { id: other.body.id } });
  };

  app.post(
    `${apiPath}/assignments/:id/end`,
    {
      schema: routes['POST /assignments/{id}/end'],
      config: { who: clinical, localInTest: true, act: 'assignment.end' },
    },
    (request, reply) =>
      registrar.alone(async () => {
        const before = projection.registry.get('assignment', request.params.id)?.body;
        if (!before) throw new ProblemError('not-found', 'no such assignment');
        about(request, 'assignment', before.id, before.patient);
        if (before.to !== null) throw new ProblemError('exists', 'it has ended already');
        const who = author(request, context);
        const to = request.body.at === undefined ? Math.max(before.from, who.at) : instantMs(request.body.at);
        if (to < before.from) throw new ProblemError('invalid', 'it would end before it began');
        if (to > who.at) throw new ProblemError('invalid', 'an end in the future is not known yet');
        const body: Assignment = { ...before, revision: before.revision + 1, to };
        request.audit.change = { before, after: body };
        await registrar.assign(body, who);
        setRevision(reply, body.revision);
        return assignmentView(body);
      }),
  );
}
