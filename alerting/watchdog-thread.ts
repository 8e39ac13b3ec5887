// A thread of its own (ALR-WATCHDOG): looks at the counter that the main thread raises, holds the operations port, says
// "nobody watches" while the main thread cannot, and ends the process when it does not come back. It imports as little
// as it can: what it needs was loaded and opened when it started, and no answer waits for the main thread.
// On failure: an error here ends the thread, upon which the main thread ends the process.
import { createServer, type Server } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import { lookEveryMs, opsConnectionsMax, opsPortTries, opsRequestMs } from './limits.ts';
import { Looks } from './looks.ts';
import { answer, type OpsView } from './ops-pages.ts';
import type { OpsSnapshot } from './ops-snapshot.ts';
import { cycleCell, type FromWatchdog, stuckCell, type ToWatchdog, type WatchdogData } from './watchdog-protocol.ts';

const { cells, opsHost, opsPort, anyPort, looks: limits } = workerData as WatchdogData;
const shared = new Int32Array(cells);
const looks = new Looks(limits);
const startedAt = Date.now();
let snapshot: OpsSnapshot | undefined;
let fedAt: number | undefined;
let stuckSince: number | undefined;
let changedAt = startedAt;
let counter = Atomics.load(shared, cycleCell);

const server = createServer((request, response) => {
  const page = answer(request.method ?? '', request.url ?? '/', view());
  response.writeHead(page.status, { 'content-type': page.type, 'cache-control': 'no-store', connection: 'close' });
  response.end(request.method === 'HEAD' ? undefined : page.body);
});
server.maxConnections = opsConnectionsMax;
server.requestTimeout = opsRequestMs;
server.headersTimeout = opsRequestMs;
server.timeout = opsRequestMs;

const looking = setInterval(look, lookEveryMs);
parentPort?.on('message', (message: ToWatchdog) => {
  if (message.type === 'close') return close();
  ({ snapshot } = message);
  fedAt = Date.now();
});
try {
  tell({ type: 'listening', port: await listen(server) });
} catch (error) {
  tell({ type: 'failed', message: (error as Error).message });
  close();
}

function view(): OpsView {
  return { snapshot, now: Date.now(), fedAt, stuckSince, startedAt, timesStuck: Atomics.load(shared, stuckCell) };
}

function look(): void {
  const now = Atomics.load(shared, cycleCell);
  if (now !== counter) {
    counter = now;
    changedAt = Date.now();
  }
  const verdict = looks.look(now, performance.now());
  // A signal that no code of the process can delay; the parent sees the end and starts it again.
  if (verdict === 'end') process.kill(process.pid, 'SIGKILL');
  if (verdict === 'running') stuckSince = undefined;
  else if (stuckSince === undefined) {
    stuckSince = changedAt;
    Atomics.add(shared, stuckCell, 1);
  }
}

async function listen(on: Server): Promise<number> {
  for (let tried = 1, port = opsPort; ; tried++, port++) {
    try {
      return await listenOn(on, port);
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (!isTaken || !anyPort || tried === opsPortTries || port === 65_535) throw error;
    }
  }
}

function listenOn(on: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    on.once('error', reject);
    on.listen({ host: opsHost, port }, () => {
      on.off('error', reject);
      resolve((on.address() as { port: number }).port);
    });
  });
}

function tell(message: FromWatchdog): void {
  parentPort?.postMessage(message);
}

function close(): void {
  clearInterval(looking);
  server.close();
  server.closeAllConnections();
  parentPort?.close();
}
