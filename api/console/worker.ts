// The live stream's reader and the judge of the link, in a worker: a busy or hidden page cannot hold it up (console.md 5).
import { createParser } from 'eventsource-parser';
import { emptyWard, fold, type Ward } from './fold.ts';
import { type LinkState, LinkWatch, type Now } from './link.ts';

/** What the worker tells the page, at least every 250 ms. */
export interface WorkerMessage {
  readonly link: LinkState;
  /** Milliseconds since the server was last heard. */
  readonly silentMs: number;
  /** The worker's performance.now() when the message was made: ages count on from there. */
  readonly mono: number;
  readonly ward: Ward;
  /** The session ended: a sign-in is needed. */
  readonly signedOut: boolean;
}

const judgeEveryMs = 200;
const tellEveryMs = 250;
const backOffMs = [250, 500, 1_000, 2_000] as const;
/** No byte for this long: the socket is dead even if nothing says so. */
const readDeadlineMs = 6_000;

const now = (): Now => ({ mono: performance.now(), wall: Date.now() });
const watch = new LinkWatch(now());
let ward = emptyWard();
let link: LinkState = 'connecting';
let signedOut = false;
let toldAt = 0;
/** The connection whose snapshot is on the screen. */
let shown: AbortController | null = null;

function tell(): void {
  toldAt = performance.now();
  const message: WorkerMessage = { link, silentMs: Math.round(toldAt - watch.heardAt), mono: toldAt, ward, signedOut };
  self.postMessage(message);
}

setInterval(() => {
  const before = link;
  link = watch.judge(now());
  // The machine slept: what this connection says next is no snapshot, so only a new one makes the screen live again.
  if (watch.needsSnapshot) shown?.abort();
  if (link !== before || performance.now() - toldAt >= tellEveryMs - judgeEveryMs / 2) tell();
}, judgeEveryMs);

/** One connection, from its snapshot to its end. */
async function follow(): Promise<void> {
  const ended = new AbortController();
  let timer = setTimeout(() => ended.abort(), readDeadlineMs);
  const response = await fetch('/api/v1/stream', { signal: ended.signal, headers: { accept: 'text/event-stream' } });
  if (response.status === 401 || response.status === 403) {
    signedOut = true;
    return;
  }
  if (!response.ok || !response.body) throw new Error(`stream: ${response.status}`);
  signedOut = false;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const parser = createParser({
    onEvent: ({ event, data }) => {
      const result = fold(ward, { event: event ?? '', data: JSON.parse(data), arrivedMono: performance.now() });
      ward = result.ward;
      if (result.effect === 'snapshot') {
        watch.snapshot(now());
        shown = ended;
      } else if (result.effect === 'beat') watch.beat(now());
      else if (result.effect === 'reload') ended.abort();
      else if (result.effect === 'signed-out') signedOut = true;
    },
  });
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => ended.abort(), readDeadlineMs);
      parser.feed(value);
    }
  } finally {
    clearTimeout(timer);
    ended.abort();
  }
}

for (let attempt = 0; ; ) {
  const startedAt = performance.now();
  try {
    await follow();
  } catch {
    // The link watch says what it means for the screen; the next try is below.
  }
  watch.lost();
  shown = null;
  attempt = performance.now() - startedAt > 10_000 ? 0 : attempt + 1;
  const waitMs = backOffMs[Math.min(attempt, backOffMs.length - 1)] ?? 2_000;
  await new Promise((resolve) => setTimeout(resolve, waitMs * (0.8 + 0.4 * Math.random())));
}
