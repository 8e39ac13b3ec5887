// The live stream's reader and the judge of the link, in a worker: a busy or hidden page cannot hold it up (console.md 5).
import { createParser } from 'eventsource-parser';
import { emptyWard, fold, type Ward } from './fold.ts';
import { type LinkState, LinkWatch, type Now } from './link.ts';
import { newsOf, type PageMessage, type WorkerMessage } from './relay.ts';
import type { Ended } from './view-state.ts';
import type { WaveMessage } from './wire.ts';

const judgeEveryMs = 200;
const tellEveryMs = 250;
/** Tiles of one second come one after the other: they are told together. */
const gatherMs = 60;
const backOffMs = [250, 500, 1_000, 2_000] as const;
/** No byte for this long: the socket is dead even if nothing says so. */
const readDeadlineMs = 6_000;
/** As many leads as the server carries on one stream. */
const leadsMax = 8;

const now = (): Now => ({ mono: performance.now(), wall: Date.now() });
const watch = new LinkWatch(now());
let ward = emptyWard();
let told: Ward | null = null;
let link: LinkState = 'connecting';
let ended: Ended | null = null;
let toldAt = 0;
let gathering = false;
/** The connection whose snapshot is on the screen, and the newest that was opened. */
let shown: AbortController | null = null;
let newest: AbortController | null = null;
let leads: readonly string[] = [];
/** Fewer after the server said that this client is slow. */
let leadsNow = leadsMax;
let wake: (() => void) | null = null;

function tell(): void {
  toldAt = performance.now();
  const head = { link, silentMs: Math.round(toldAt - watch.heardAt), mono: toldAt, ended };
  const message: WorkerMessage = { news: newsOf(told, ward, head) };
  told = ward;
  self.postMessage(message);
}

function tellSoon(): void {
  if (gathering) return;
  gathering = true;
  setTimeout(() => {
    gathering = false;
    if (told !== ward) tell();
  }, gatherMs);
}

setInterval(() => {
  const before = link;
  link = ended === null ? watch.judge(now()) : 'not-live';
  // The machine slept: what this connection says next is no snapshot, so only a new one makes the screen live again.
  if (watch.needsSnapshot) shown?.abort();
  if (link !== before || performance.now() - toldAt >= tellEveryMs - judgeEveryMs / 2) tell();
}, judgeEveryMs);

self.onmessage = ({ data }: MessageEvent<PageMessage>) => {
  if ('retry' in data) {
    wake?.();
    return;
  }
  leads = data.leads;
  // Opened beside the one that is shown, which closes when the new one has its snapshot: no moment without a stream.
  if (shown !== null && shown === newest) void follow().catch(() => {});
};

function streamUrl(): string {
  const query = leads.slice(0, leadsNow).map((lead) => `waveform=${encodeURIComponent(lead)}`);
  return `/api/v1/stream${query.length > 0 ? `?${query.join('&')}` : ''}`;
}

/** One connection, from its snapshot to its end. */
async function follow(): Promise<void> {
  const own = new AbortController();
  newest = own;
  let timer = setTimeout(() => own.abort(), readDeadlineMs);
  try {
    const response = await fetch(streamUrl(), { signal: own.signal, headers: { accept: 'text/event-stream' } });
    if (response.status === 401 || response.status === 403) {
      end(response.status === 401 ? 'signed-out' : 'rights');
      return;
    }
    if (!response.ok || !response.body) throw new Error(`stream: ${response.status}`);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const parser = createParser({ onEvent: ({ event, data }) => take(own, event ?? '', JSON.parse(data)) });
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => own.abort(), readDeadlineMs);
      parser.feed(value);
    }
  } finally {
    clearTimeout(timer);
    own.abort();
    if (newest === own) newest = shown;
    if (shown === own) {
      shown = null;
      watch.lost();
    }
  }
}

/** One event of a connection. Before its snapshot, and after another one's, it says nothing for this screen. */
function take(own: AbortController, event: string, data: unknown): void {
  if (event === 'snapshot' && shown !== own) {
    const before = shown;
    shown = own;
    before?.abort();
  }
  if (shown !== own) return;
  if (event === 'w') {
    ward = { ...ward, count: ward.count + 1 };
    self.postMessage({ wave: data as WaveMessage } satisfies WorkerMessage);
    return;
  }
  const result = fold(ward, { event, data, arrivedMono: performance.now() });
  ward = result.ward;
  switch (result.effect) {
    case 'snapshot':
      ended = null;
      told = null;
      watch.snapshot(now());
      link = watch.judge(now());
      tell();
      break;
    case 'beat':
      watch.beat(now());
      break;
    case 'alert':
    case 'system':
      tell();
      break;
    case 'slow':
      leadsNow = Math.floor(leadsNow / 2);
      own.abort();
      break;
    case 'reload':
      own.abort();
      break;
    case 'signed-out':
    case 'rights':
      end(result.effect);
      break;
    default:
      tellSoon();
  }
}

/** Signed out is loud, and nothing of before stays on the screen. */
function end(why: Ended): void {
  ended = why;
  link = 'not-live';
  watch.lost();
  tell();
}

for (let attempt = 0; ; ) {
  const startedAt = performance.now();
  try {
    await follow();
  } catch {
    // The link watch says what it means for the screen; the next try is below.
  }
  // Another connection took over, for other leads: it is followed to its end before the next try.
  while (shown !== null) await new Promise((resolve) => setTimeout(resolve, judgeEveryMs));
  attempt = performance.now() - startedAt > 10_000 ? 0 : attempt + 1;
  const waitMs = (backOffMs[Math.min(attempt, backOffMs.length - 1)] ?? 2_000) * (0.8 + 0.4 * Math.random());
  await new Promise<void>((resolve) => {
    wake = resolve;
    setTimeout(resolve, waitMs);
  });
  wake = null;
}
