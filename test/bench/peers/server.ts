// What every server of the ingest bench is to the bench: a process that says where it listens, and on request how much CPU
// time it has used. Started by `fork`.
import { ensureCertificates } from '../../../ingest/index.ts';

/** What the bench asks of a server. */
export interface ServerSetup {
  /** An empty folder of its own. */
  readonly folder: string;
  /** Client ids, each its own device. */
  readonly clients: readonly string[];
  /** Devices behind the first client, if it is a gateway. */
  readonly devices: readonly string[];
  readonly token: string;
}

export interface ServerReady {
  readonly port: number;
  readonly ca: string;
}

export interface ServerUsage {
  readonly cpuUs: number;
  readonly counters: Readonly<Record<string, number>>;
}

/** Runs a server process: `start` opens it, `counters` says what it counted. */
export function serve(
  start: (
    setup: ServerSetup,
    tls: { readonly certPem: string; readonly keyPem: string },
  ) => Promise<{
    readonly port: number;
    counters(): Readonly<Record<string, number>>;
  }>,
): void {
  let counters = (): Readonly<Record<string, number>> => ({});
  process.on('message', (message: { readonly setup?: ServerSetup; readonly usage?: true }) => {
    if (message.setup) {
      const { setup } = message;
      void (async () => {
        const certificates = await ensureCertificates({
          folder: setup.folder,
          realm: 'test',
          hosts: [],
          now: Date.now(),
        });
        const started = await start(setup, certificates);
        counters = started.counters;
        process.send?.({ port: started.port, ca: certificates.caPem } satisfies ServerReady);
      })();
    }
    if (message.usage) {
      const { user, system } = process.cpuUsage();
      process.send?.({ cpuUs: user + system, counters: counters() } satisfies ServerUsage);
    }
  });
  process.on('disconnect', () => process.exit());
}
