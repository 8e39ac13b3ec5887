// Readers who ask for a month in 5,000 steps, again and again, in a process of their own: what they do with the answers must
// not hold up whoever measures.
import { monthPatient } from './vigil-program.ts';

export interface ReadersOrder {
  readonly url: string;
  readonly readers: number;
  /** Of several sessions: one alone has a limit of requests. */
  readonly cookies: readonly string[];
}

export interface ReadersResult {
  readonly answeredPerSecond: number;
  readonly unanswered: number;
}

const stopping = new AbortController();
let reading: Promise<ReadersResult> | undefined;

process.on('message', async (message: { readonly order: ReadersOrder } | { readonly stop: true }) => {
  if ('order' in message) {
    reading = read(message.order);
    reading.catch((error: Error) => process.send?.({ failed: error.message }));
    return;
  }
  stopping.abort();
  const result = await reading?.catch(() => undefined);
  if (result) process.send?.({ result });
});

async function read({ url, readers, cookies }: ReadersOrder): Promise<ReadersResult> {
  const to = Date.now();
  const from = to - 30 * 86_400_000;
  const query = new URLSearchParams({
    vital: 'spo2',
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    bucketMs: String(Math.ceil((to - from) / 4_999)),
  });
  const { signal } = stopping;
  const since = performance.now();
  let answers = 0;
  let unanswered = 0;
  const ask = async (cookie: string) => {
    const asked = new URL(`/api/v1/patients/${monthPatient}/series?${query}`, url);
    const response = await fetch(asked, { headers: { cookie }, signal });
    const text = await response.text();
    // Busy beyond its deadline, the store says so; the reader asks again.
    if (response.status === 503) unanswered++;
    else if (response.ok) answers++;
    else throw new Error(`series: ${response.status} ${text.slice(0, 200)}`);
  };
  const loops = Array.from({ length: readers }, async (_, reader) => {
    while (!signal.aborted) await ask(cookies[reader % cookies.length] as string);
  });
  await Promise.all(loops).catch((error: Error) => {
    if (error.name !== 'AbortError') throw error;
  });
  return { answeredPerSecond: answers / ((performance.now() - since) / 1_000), unanswered };
}
