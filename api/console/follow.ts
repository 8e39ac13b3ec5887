// The page's side of the stream: starts the worker, and watches it. A worker that says nothing for 2 s is as bad as a server
// that does: the screen is not live, and the worker is started again.
import { batch, signal } from '@preact/signals';
import { streamLeadsMax } from '../../contract/index.ts';
import { emptyWard, type Ward } from './fold.ts';
import type { LinkState } from './link.ts';
import { type PageMessage, type WorkerMessage, type WorkerNews, withNews } from './relay.ts';
import { clockTime } from './times.ts';
import type { Ended } from './view-state.ts';
import type { WaveMessage } from './wire.ts';

/** Named by the bundle. */
declare const WORKER_URL: string;

const lookEveryMs = 250;
const silentWorkerMs = 2_000;

/** What was heard last, and when, by this page's performance.now(). */
export interface Heard {
  readonly link: LinkState;
  readonly silentMs: number;
  /** The worker's time of the message. */
  readonly mono: number;
  readonly ended: Ended | null;
  readonly ward: Ward;
  readonly heardAt: number;
  /** Server time when the link was lost, as the clock shows it; null: live, or never was. */
  readonly lostSince: string | null;
}

const nothing = (): Heard => ({
  link: 'connecting',
  silentMs: 0,
  mono: 0,
  ended: null,
  ward: emptyWard(),
  heardAt: performance.now(),
  lostSince: null,
});

export function followStream() {
  const heard = signal<Heard>(nothing());
  const now = signal(performance.now());
  const listeners = new Set<(block: WaveMessage) => void>();
  const takers = new Map<string, Set<(block: WaveMessage) => void>>();
  let wanted: readonly string[] = [];
  let leads: readonly string[] = [];
  let worker = open();

  function open(): Worker {
    const opened = new Worker(trusted(WORKER_URL), { type: 'module', name: 'stream' });
    opened.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
      if ('wave' in data) hand(data.wave);
      else take(data.news);
    };
    if (leads.length > 0) opened.postMessage({ leads } satisfies PageMessage);
    return opened;
  }

  function hand(block: WaveMessage): void {
    for (const listener of listeners) listener(block);
    for (const taker of takers.get(`${block.patient}:${block.lead}`) ?? []) taker(block);
  }

  /** Tells the worker which leads are drawn, once for all that changes in one turn. */
  function tellLeads(): void {
    queueMicrotask(() => {
      const next = [...new Set([...wanted, ...takers.keys()])].slice(0, streamLeadsMax);
      if (next.join() === leads.join()) return;
      leads = next;
      worker.postMessage({ leads } satisfies PageMessage);
    });
  }

  function take(news: WorkerNews): void {
    const before = heard.value;
    const { silentMs, mono, ended } = news;
    // A worker that was started again knows nothing yet: what stood here is from before, and goes on standing as that.
    const isAgain = news.link === 'connecting' && before.link !== 'connecting';
    const link = isAgain ? 'not-live' : news.link;
    const ward = isAgain ? before.ward : withNews(before.ward, news);
    const isLost = link === 'not-live' || link === 'connecting';
    const lostSince = isLost ? (before.lostSince ?? lastServerTime(before.ward)) : null;
    batch(() => {
      now.value = performance.now();
      heard.value = { link, silentMs, mono, ended, ward, heardAt: now.value, lostSince };
    });
  }

  let restartedAt = performance.now();
  setInterval(() => {
    now.value = performance.now();
    const { heardAt, link, lostSince, ward } = heard.value;
    const silentMs = now.value - heardAt;
    if (silentMs < silentWorkerMs) return;
    if (link !== 'not-live')
      heard.value = { ...heard.value, link: 'not-live', lostSince: lostSince ?? lastServerTime(ward) };
    if (now.value - restartedAt < 2 * silentWorkerMs) return;
    restartedAt = now.value;
    worker.terminate();
    worker = open();
  }, lookEveryMs);

  return {
    heard,
    now,
    /** Leads whose waveforms the screen draws now, as `patient:lead`, at most eight. */
    wantLeads(next: readonly string[]): void {
      wanted = next;
      tellLeads();
    },
    /** Blocks of this lead go to `taker` until the returned function is called; the stream carries it as long. */
    takeWave(patient: string, lead: string, taker: (block: WaveMessage) => void): () => void {
      const key = `${patient}:${lead}`;
      const own = takers.get(key) ?? new Set();
      takers.set(key, own.add(taker));
      tellLeads();
      return () => {
        own.delete(taker);
        if (own.size === 0 && takers.get(key) === own) takers.delete(key);
        tellLeads();
      };
    },
    /** Blocks of the wanted leads as they come; gives what ends it. */
    onWave(listener: (block: WaveMessage) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    /** Tries to connect at once. */
    retry: () => worker.postMessage({ retry: true } satisfies PageMessage),
  };
}

export type Stream = ReturnType<typeof followStream>;

/** The server's time now, ms, by what it said last and the time since; NaN before it said anything. */
export function serverTime({ ward, mono, heardAt }: Heard, pageNow: number): number {
  if (ward.server === null) return Number.NaN;
  return Date.parse(ward.server.value) + (mono - ward.server.arrivedMono) + Math.max(0, pageNow - heardAt);
}

function lastServerTime(ward: Ward): string | null {
  return ward.server === null ? null : clockTime(ward.server.value);
}

interface Policies {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string };
}

/** The one script URL that this page may make, where the browser asks for a policy. */
let trustedUrl: string | undefined;
function trusted(url: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: Policies };
  trustedUrl ??= trustedTypes
    ? trustedTypes.createPolicy(`vigil`, { createScriptURL: () => WORKER_URL }).createScriptURL(url)
    : url;
  return trustedUrl;
}
