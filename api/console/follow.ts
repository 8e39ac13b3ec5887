// The page's side of the stream: starts the worker, and watches it. A worker that says nothing for 2 s is as bad as a server
// that does: the screen is not live, and the worker is started again.
import { signal } from '@preact/signals';
import { emptyWard } from './fold.ts';
import type { WorkerMessage } from './worker.ts';

/** Named by the bundle. */
declare const WORKER_URL: string;

const lookEveryMs = 250;
const silentWorkerMs = 2_000;

/** The worker's newest message and when it came, by this page's performance.now(). */
export interface Heard extends WorkerMessage {
  readonly heardAt: number;
}

const nothing: Heard = {
  link: 'connecting',
  silentMs: 0,
  mono: 0,
  ward: emptyWard(),
  signedOut: false,
  heardAt: performance.now(),
};

export function followStream() {
  const heard = signal<Heard>(nothing);
  const now = signal(performance.now());
  let worker = open();

  function open(): Worker {
    const opened = new Worker(trusted(WORKER_URL), { type: 'module', name: 'stream' });
    opened.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
      heard.value = { ...data, heardAt: performance.now() };
    };
    return opened;
  }

  let restartedAt = performance.now();
  setInterval(() => {
    now.value = performance.now();
    const silentMs = now.value - heard.value.heardAt;
    if (silentMs < silentWorkerMs) return;
    if (heard.value.link !== 'not-live')
      heard.value = { ...heard.value, link: 'not-live', heardAt: heard.value.heardAt };
    if (now.value - restartedAt < 2 * silentWorkerMs) return;
    restartedAt = now.value;
    worker.terminate();
    worker = open();
  }, lookEveryMs);
  return { heard, now };
}

export type Stream = ReturnType<typeof followStream>;

interface Policies {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string };
}

/** The one script URL that this page may make, where the browser asks for a policy. */
function trusted(url: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: Policies };
  return trustedTypes
    ? trustedTypes.createPolicy(`vigil`, { createScriptURL: () => WORKER_URL }).createScriptURL(url)
    : url;
}
