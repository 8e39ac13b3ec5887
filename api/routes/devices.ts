// Routes of devices. Class C. Invariants: a token is shown once and kept as its hash; a device that somebody wears is not
// revoked by accident. On failure: the log refuses, and the old token stays in force.
import { apiPath, type Device, type DeviceView, routes } from '../../contract/index.ts';
import type { ApiContext, App } from '../context.ts';
import { ProblemError } from '../errors.ts';
import { newId } from '../names.ts';
import { pageOfList } from '../pages.ts';
import { holdsAt, type Registered } from '../registry-view.ts';
import { hashOf } from '../sessions.ts';
import { about, author, deviceOf, setRevision, staff, technical } from './shared.ts';

/** Devices and their tokens. A token is shown once; only its hash is kept. */
export function addDeviceRoutes(app: App, context: ApiContext): void {
  const { projection, registrar, ports } = context;

  const viewOf = ({ revision, body }: Registered<Device>): DeviceView => {
    const { tokenSha256: _, ...device } = body;
    return { ...device, revision, patient: wornBy(body.id) ?? null };
  };
  const wornBy = (device: string) => {
    const now = projection.time.now();
    return projection.registry.assignmentsOfDevice(device).find(({ body }) => holdsAt(body, now))?.body.patient;
  };
  const newToken = () => Buffer.from(ports.random.bytes(32)).toString('base64url');

  app.get(
    `${apiPath}/devices`,
    {
      schema: routes['GET /devices'],
      config: { who: staff },
    },
    ({ query }) => {
      const { items, next } = pageOfList(projection.registry.all('device'), ({ body }) => body.id, query);
      return { items: items.map(viewOf), next };
    },
  );

  app.post(
    `${apiPath}/devices`,
    {
      schema: routes['POST /devices'],
      config: { who: technical, act: 'device.register' },
    },
    (request, reply) =>
      registrar.alone(async () => {
        const token = newToken();
        const id = newId('d', ports.random, (each) => projection.registry.get('device', each) !== undefined);
        const body: Device = { id, ...request.body, tokenSha256: hashOf(token), revoked: false };
        about(request, 'device', id, null);
        request.audit.change = { before: null, after: body };
        const who = author(request, context);
        await registrar.put([{ kind: 'device', revision: 1, body }], who);
        reply.code(201);
        setRevision(reply, 1);
        return { device: viewOf({ revision: 1, at: who.at, body }), token };
      }),
  );

  app.post(
    `${apiPath}/devices/:id/token`,
    {
      schema: routes['POST /devices/{id}/token'],
      config: { who: technical, act: 'device.token' },
    },
    (request, reply) =>
      registrar.alone(async () => {
        const { revision, body: before } = deviceOf(context, request.params.id);
        about(request, 'device', before.id, null);
        if (before.revoked) throw new ProblemError('exists', 'the device is revoked for good');
        const token = newToken();
        const body: Device = { ...before, tokenSha256: hashOf(token) };
        request.audit.change = { before, after: body };
        const who = author(request, context);
        await registrar.put([{ kind: 'device', revision: revision + 1, body }], who);
        setRevision(reply, revision + 1);
        return { device: viewOf({ revision: revision + 1, at: who.at, body }), token };
      }),
  );

  app.post(
    `${apiPath}/devices/:id/revoke`,
    {
      schema: routes['POST /devices/{id}/revoke'],
      config: { who: technical, act: 'device.revoke' },
    },
    (request, reply) =>
      registrar.alone(async () => {
        const { revision, body: before } = deviceOf(context, request.params.id);
        about(request, 'device', before.id, wornBy(before.id) ?? null);
        if (wornBy(before.id) !== undefined && request.body.force !== true)
          throw new ProblemError('device-bound', 'a patient wears it: end the assignment first, or force it');
        const body: Device = { ...before, revoked: true };
        request.audit.change = { before, after: body };
        const who = author(request, context);
        await registrar.put([{ kind: 'device', revision: revision + 1, body }], who);
        setRevision(reply, revision + 1);
        return viewOf({ revision: revision + 1, at: who.at, body });
      }),
  );
}
