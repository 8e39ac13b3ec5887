// Peer: the same job as one would put it together from known parts: Aedes for MQTT, zod for the schema, json-rules-engine for
// the rule, a file for the readings, Fastify for the latest values. It checks the token, parses, judges, appends and syncs,
// then acknowledges. It knows no assignment, no late reading, no refused message and no restart.
import { createHash, timingSafeEqual } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { Aedes } from 'aedes';
import fastify from 'fastify';
import { Engine } from 'json-rules-engine';
import { z } from 'zod';
import { serve } from './server.ts';

const Reading = z.strictObject({
  v: z.literal(1),
  boot: z.int().positive(),
  seq: z.int().positive(),
  vital: z.enum(['glucose', 'spo2', 'pulse']),
  value: z.number(),
  unit: z.enum(['mg/dL', '%', '/min']),
  quality: z.enum(['good', 'doubtful', 'bad']),
  takenAt: z.int().positive(),
  receivedAt: z.int().positive(),
  clock: z.enum(['synced', 'estimated', 'unsure']),
});

const limit = (vital: string, operator: string, value: number) => ({
  conditions: {
    all: [
      { fact: 'vital', operator: 'equal', value: vital },
      { fact: 'value', operator, value },
    ],
  },
  event: { type: `${vital} ${operator} ${value}` },
});

serve(async ({ folder, token }, { certPem, keyPem }) => {
  const engine = new Engine([
    limit('spo2', 'lessThanInclusive', 88),
    limit('pulse', 'lessThanInclusive', 40),
    limit('pulse', 'greaterThanInclusive', 130),
    limit('glucose', 'lessThan', 54),
  ]);
  const file = await open(join(folder, 'readings.jsonl'), 'a');
  const latest = new Map<string, z.infer<typeof Reading>>();
  const alerts: unknown[] = [];
  const screens = new Set<ServerResponse>();
  const hash = createHash('sha256').update(token).digest();

  async function take(device: string, payload: string): Promise<void> {
    const reading = Reading.parse(JSON.parse(payload));
    const { events } = await engine.run(reading);
    for (const event of events) {
      const alert = { device, event, reading };
      alerts.push(alert);
      for (const screen of screens) screen.write(`event: alert\ndata: ${JSON.stringify(alert)}\n\n`);
    }
    latest.set(device, reading);
    await file.appendFile(`${JSON.stringify({ device, ...reading })}\n`);
    await file.datasync();
  }

  const aedes = await Aedes.createBroker({
    concurrency: 0,
    authenticate: (client, username, password, done) => {
      const given = createHash('sha256')
        .update(password ?? '')
        .digest();
      done(null, username === client.id && timingSafeEqual(given, hash));
    },
    authorizePublish: (client, packet, done) => {
      const [, , , sender, device = ''] = packet.topic.split('/');
      if (!client || sender !== client.id) return done(new Error('not its topic'));
      take(device, packet.payload.toString()).then(
        () => done(),
        (error: Error) => done(error),
      );
    },
  });
  const api = fastify();
  api.get('/devices/:id/latest', ({ params }) => latest.get((params as { id: string }).id) ?? {});
  api.get('/alerts', () => alerts);
  api.get('/stream', (_, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream' });
    reply.raw.flushHeaders();
    screens.add(reply.raw);
    reply.raw.on('close', () => screens.delete(reply.raw));
  });
  await api.listen({ port: 0, host: '127.0.0.1' });

  const server = createServer({ cert: certPem, key: keyPem }, (socket) => void aedes.handle(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const httpPort = (api.server.address() as AddressInfo).port;
  return { port: (server.address() as AddressInfo).port, counters: () => ({ httpPort }) };
});
