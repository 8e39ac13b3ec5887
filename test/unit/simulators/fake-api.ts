import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { dirname } from 'node:path';
import type { ZodType } from 'zod';
import { NewAssignment, NewDevice, NewPatient } from '../../../contract/index.ts';

/** The real bodies: what the API would refuse, the fake refuses. */
const schemas: Record<string, ZodType> = {
  'POST /api/v1/patients': NewPatient,
  'POST /api/v1/devices': NewDevice,
  'POST /api/v1/assignments': NewAssignment,
};

interface Item {
  readonly id: string;
  readonly [key: string]: unknown;
}

/** The part of the API's local socket that provisioning uses, in memory. */
export interface FakeApi extends AsyncDisposable {
  readonly patients: Item[];
  readonly devices: Item[];
  readonly assignments: Item[];
  /** `POST /api/v1/devices` and so on, in order. */
  readonly calls: string[];
  /** The call with this number, from 1, does its work and its answer is lost. */
  loseAnswerOf: number;
  /** Lists of patients show ids alone, as they do to a technician. */
  hidesNames: boolean;
}

export async function startFakeApi(socketPath: string): Promise<FakeApi> {
  await mkdir(dirname(socketPath), { recursive: true });
  const state = { patients: [] as Item[], devices: [] as Item[], assignments: [] as Item[], calls: [] as string[] };
  const lost = { loseAnswerOf: 0, hidesNames: false };
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const call = `${request.method} ${request.url?.split('?')[0]}`;
      state.calls.push(call);
      const fault = schemas[call]?.safeParse(body).error;
      const [status, answer] = fault
        ? [422, { code: 'invalid', detail: fault.message }]
        : reply(call, body as Record<string, unknown>);
      if (state.calls.length === lost.loseAnswerOf) return void request.socket.destroy();
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
  });

  function reply(call: string, body: Record<string, unknown>): [number, unknown] {
    const list = (items: readonly unknown[]): [number, unknown] => [200, { items, next: null }];
    if (call === 'GET /api/v1/patients')
      return list(lost.hidesNames ? state.patients.map(({ id }) => ({ id })) : state.patients);
    if (call === 'GET /api/v1/devices') return list(state.devices);
    const patient = /^GET \/api\/v1\/patients\/([^/]+)\/assignments$/.exec(call)?.[1];
    if (patient) return list(state.assignments.filter((assignment) => assignment['patient'] === patient));
    if (call === 'POST /api/v1/patients') {
      const standing = state.patients.find(({ mrn }) => mrn === body['mrn']);
      if (standing) return [409, { code: 'exists', current: { id: standing.id } }];
      return [201, put(state.patients, 'p', body)];
    }
    if (call === 'POST /api/v1/devices') {
      const device = put(state.devices, 'd', body);
      return [201, { device, token: `token-of-${device.id}` }];
    }
    if (call === 'POST /api/v1/assignments') return [201, put(state.assignments, 'as', { to: null, ...body })];
    return [404, { code: 'not-found' }];
  }

  server.listen(socketPath);
  await once(server, 'listening');
  return Object.assign(lost, state, {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

function put(items: Item[], prefix: string, body: Record<string, unknown>): Item {
  const item = { ...body, id: `${prefix}-${items.length + 1}` };
  items.push(item);
  return item;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? {} : JSON.parse(text);
}
