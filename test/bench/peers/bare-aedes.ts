// Peer: Aedes over TLS with a hook that does nothing. What an acknowledgement costs that means nothing.
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { Aedes } from 'aedes';
import { serve } from './server.ts';

serve(async (_setup, { certPem, keyPem }) => {
  const aedes = await Aedes.createBroker({ concurrency: 0, authorizePublish: (_client, _packet, done) => done() });
  const server = createServer({ cert: certPem, key: keyPem }, (socket) => void aedes.handle(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, counters: () => ({}) };
});
