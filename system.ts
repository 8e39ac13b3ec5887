// All roles of one process, built from a configuration and the ports, in the order in which they may start: log and store,
// api, alerting, ingest. Sources start last and stop first; if a start throws, what had started is stopped.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { adminSocket } from './admin-client.ts';
import { type OpsSnapshot, startWatchdog, type Watchdog } from './alerting/index.ts';
import { startApi } from './api/index.ts';
import { configHash, type LoadedConfig } from './config.ts';
import {
  type Announce,
  type Clock,
  type Random,
  type RunningRole,
  StoreUnavailableError,
  type TimeSeriesStore,
} from './contract/index.ts';
import { realDisk } from './durable/index.ts';
import {
  ensureCertificates,
  openLog,
  openStore,
  StoreFileError,
  startIngest,
  unavailableStore,
} from './ingest/index.ts';
import { startRoles } from './roles.ts';
import { readRules } from './rules-file.ts';
import { steadyClock } from './steady-clock.ts';

export interface SystemPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly bootId: string;
  readonly announce: Announce;
}

export interface SystemPlace {
  /** Absolute path of the data folder. */
  readonly data: string;
  readonly installation: string;
  readonly version: string;
}

/** Where a running system listens, as `run/ready.json` says it. */
export interface Listening {
  readonly url: string;
  readonly mqttPort: number;
  readonly opsPort: number;
  readonly caFile: string;
}

export interface RunningSystem extends AsyncDisposable {
  readonly listening: Listening;
  signInLink(): Promise<string>;
}

/** Starts everything; resolves when all of it listens. */
export async function startSystem(
  loaded: LoadedConfig,
  place: SystemPlace,
  ports: SystemPorts,
): Promise<RunningSystem> {
  const { config, named } = loaded;
  const { clock, random, bootId, announce } = ports;
  const hash = configHash(config);
  const rules = readRules(config.alerting.rules);
  await using stack = new AsyncDisposableStack();

  const watchdog = stack.use(await startWatchdog({ ...config.ops, anyPort: !named.has('ops.opsPort') }));
  const { segmentBytes, ...logOptions } = config.log;
  const log = stack.use(
    await openLog(
      {
        ...logOptions,
        folder: join(place.data, 'log'),
        ...(segmentBytes !== undefined && { segmentBytesMax: segmentBytes }),
      },
      { disk: realDisk(), clock, announce, onFatal: endProcess },
    ),
  );
  const { installation, version } = place;
  const { instance, realm } = config;
  const store = stack.use(await openStoreOrNone(place, config.log.partitions, ports));
  const roles = stack.use(
    await startRoles(
      {
        identity: { instance, bootId, version, configHash: hash },
        engine: {
          timesStuck: () => watchdog.timesStuck(),
          needs: (reader, position) => log.setNeeded('inputs', reader, position),
        },
        front: ({ roles: running, ...common }) =>
          startApi(
            {
              realm,
              ...config.api,
              anyPort: !named.has('api.httpPort'),
              consoleFolder: CONSOLE_FOLDER,
              adminSocket: adminSocket(place.data),
              rules,
              version,
              configHash: hash,
              installation,
              instance,
            },
            { ...common, roles: () => running().map((role) => role.status()) },
          ),
        border: async () => {
          const hosts = ['localhost', '127.0.0.1', '::1'];
          const tls = await ensureCertificates({ folder: place.data, realm, hosts, now: clock.wall() });
          const listening = { realm, ...config.ingest, anyPort: !named.has('ingest.mqttPort'), tls };
          return startIngest(listening, { log, clock: steadyClock(clock, announce), announce });
        },
      },
      { log, store, clock, random, announce },
    ),
  );
  const { front: api, border: ingest } = roles;
  stack.use(feed(watchdog, roles.all, api));
  const running = stack.move();
  return {
    listening: { url: api.url, mqttPort: ingest.port, opsPort: watchdog.port, caFile: 'ca/ca.pem' },
    signInLink: () => api.signInLink(),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

const CONSOLE_FOLDER = fileURLToPath(new URL('./build/console', import.meta.url));
const feedEveryMs = 1_000;

/** The store, or one that is down: a file that cannot be used costs the history, never the watching. */
async function openStoreOrNone(
  place: SystemPlace,
  partitions: number,
  { clock, announce }: SystemPorts,
): Promise<TimeSeriesStore> {
  const file = join(place.data, 'store', 'vigil.duckdb');
  const { installation } = place;
  try {
    return await openStore({ driver: 'duckdb', file, partitions, installation }, { clock, announce });
  } catch (error) {
    if (!(error instanceof StoreFileError || error instanceof StoreUnavailableError)) throw error;
    announce('error', `the store is down, history is missing until it is repaired: ${error.message}`);
    return unavailableStore(error);
  }
}

/** Feeds the watchdog what the roles say of themselves, each second. */
function feed(
  watchdog: Watchdog,
  roles: readonly RunningRole[],
  api: { monitoring(): OpsSnapshot['monitoring'] },
): Disposable {
  const once = () => watchdog.feed({ roles: roles.map((role) => role.status()), monitoring: api.monitoring() });
  once();
  const timer = setInterval(once, feedEveryMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Nothing more can be made durable: the parent starts us again, unacknowledged senders send again. */
function endProcess(error: Error): never {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
