// The main thread's side of the watchdog: starts the thread, raises its counter, feeds it. The counter is raised by a
// timer of the event loop, so it stands for everything that runs there. On failure: without its watchdog the process ends.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { OpsPortError, WatchdogLostError } from './errors.ts';
import { raiseEveryMs, watchdogReadyMs } from './limits.ts';
import type { OpsSnapshot } from './ops-snapshot.ts';
import { WatchdogOptions } from './options.ts';
import { cycleCell, type FromWatchdog, stuckCell, type ToWatchdog, type WatchdogData } from './watchdog-protocol.ts';

export interface Watchdog extends AsyncDisposable {
  /** Where the operations port listens. */
  readonly port: number;
  /** Gives the thread the newest state; due each second. */
  feed(snapshot: OpsSnapshot): void;
  /** How often this process was declared stuck and came back. */
  timesStuck(): number;
}

/** Starts the thread and returns once it listens. Rejects with `OpsPortError`. */
export async function startWatchdog(options: WatchdogOptions): Promise<Watchdog> {
  const cells = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
  const shared = new Int32Array(cells);
  const data: WatchdogData = { ...WatchdogOptions.parse(options), cells };
  const worker = new Worker(new URL('./watchdog-thread.ts', import.meta.url), { workerData: data, name: 'watchdog' });
  const raising = setInterval(() => Atomics.add(shared, cycleCell, 1), raiseEveryMs);
  try {
    const port = await listening(worker);
    const lost = guard(worker);
    return {
      port,
      feed: (snapshot) => send(worker, { type: 'feed', snapshot }),
      timesStuck: () => Atomics.load(shared, stuckCell),
      async [Symbol.asyncDispose]() {
        lost.dismiss();
        await close(worker);
        clearInterval(raising);
      },
    };
  } catch (error) {
    clearInterval(raising);
    await worker.terminate();
    throw error;
  }
}

async function listening(worker: Worker): Promise<number> {
  const signal = AbortSignal.timeout(watchdogReadyMs);
  let message: FromWatchdog;
  try {
    [message] = (await once(worker, 'message', { signal })) as [FromWatchdog];
  } catch (cause) {
    throw new OpsPortError('the watchdog thread did not start', { cause });
  }
  if (message.type === 'failed') throw new OpsPortError(`the operations port cannot be opened: ${message.message}`);
  return message.port;
}

/** Ends the process, by an error that nobody catches, if the thread ends before it was asked to. */
function guard(worker: Worker): { dismiss(): void } {
  const onError = (cause: unknown) => {
    worker.off('exit', onExit);
    setImmediate(() => {
      throw new WatchdogLostError('the watchdog thread failed', { cause });
    });
  };
  const onExit = () => onError(undefined);
  worker.on('error', onError);
  worker.on('exit', onExit);
  return {
    dismiss() {
      worker.off('error', onError);
      worker.off('exit', onExit);
    },
  };
}

/** Asks the thread to end, and makes it if it does not. */
async function close(worker: Worker): Promise<void> {
  const ended = once(worker, 'exit', { signal: AbortSignal.timeout(watchdogReadyMs) });
  send(worker, { type: 'close' });
  try {
    await ended;
  } catch {
    await worker.terminate();
  }
}

function send(worker: Worker, message: ToWatchdog): void {
  worker.postMessage(message);
}
