// Vigil's border with the embedded log on a real disk, as `system.ts` starts it; only the limits of one connection are wider,
// as a single one shall carry what a bench sends.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  type AppendRecord,
  encodeInput,
  encodeRecord,
  type RegistryKind,
  registryKey,
} from '../../../contract/index.ts';
import { realDisk } from '../../../durable/index.ts';
import { hostClock } from '../../../host.ts';
import { openLog, startIngest } from '../../../ingest/index.ts';
import { serve } from './server.ts';

const partitions = 1;

serve(async ({ folder, clients, devices, token }, tls) => {
  const clock = hostClock();
  const announce = (_level: string, line: string) => void process.stderr.write(`${line}\n`);
  const onFatal = (error: Error) => {
    throw error;
  };
  const log = await openLog(
    { driver: 'embedded', folder: join(folder, 'log'), partitions, keepDays: 1, keepBytes: 1e12 },
    { disk: realDisk(), clock, announce, onFatal },
  );
  const tokenSha256 = createHash('sha256').update(token).digest('hex');
  const at = clock.wall();
  const record = (kind: RegistryKind, body: { readonly id: string }): AppendRecord => ({
    key: registryKey(kind, body.id),
    value: encodeRecord({ v: 1, kind, id: body.id, revision: 1, by: 'bench', at }, body),
  });
  const registered = [
    ...clients.map((id) =>
      record('device', {
        id,
        ...{
          name: id,
          model: 'm',
          serial: 's',
          kind: 'device',
          sequence: 'required',
          signals: [],
          tokenSha256,
          revoked: false,
        },
      }),
    ),
    ...[...clients.map((id) => [id, id] as const), ...devices.map((id) => [clients[0] as string, id] as const)].map(
      ([gateway, device]) =>
        record('assignment', {
          id: `as-${gateway}-${device}`.slice(0, 64),
          ...{ revision: 1, patient: `p-${device}`, device, gateway, from: at - 60_000, to: null, signals: [] },
        }),
    ),
  ];
  await log.append('registry', registered, { lane: 'control' });
  // The engine starts before ingest, so that its claim, not a reading, is what waits for the first segment to be made.
  const claim = { id: 'c-1', instance: 'bench', bootId: 'b-1', after: 0 };
  await log.append('inputs', [{ key: 'system', value: encodeInput({ v: 1, kind: 'owner' }, claim) }], {
    lane: 'control',
  });
  const limits = { windowMax: 128, framesPerSecondMax: 1_000_000, bytesPerSecondMax: 1_000_000_000 };
  const ingest = await startIngest({ realm: 'test', mqttPort: 0, tls, limits }, { log, clock, announce });
  return { port: ingest.port, counters: () => ingest.status().counters };
});
