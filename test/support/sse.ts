import { createParser } from 'eventsource-parser';
import { patienceMs } from './until.ts';

export interface StreamEvent {
  readonly event: string;
  readonly id: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into what a stranger would get
  readonly data: any;
}

/** A client of the live stream: keeps everything that came, in order. */
export interface StreamClient extends AsyncDisposable {
  readonly events: readonly StreamEvent[];
  /** The first event that fits, already here or still to come. */
  find(what: string, fits: (event: StreamEvent) => boolean, withinMs?: number): Promise<StreamEvent>;
  /** Whether the server or the network has ended it. */
  readonly ended: boolean;
}

/** Opens a stream; resolves when the server has answered 200. */
export async function openStream(url: string, headers: Readonly<Record<string, string>>): Promise<StreamClient> {
  const closing = new AbortController();
  const response = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal: closing.signal });
  const { body } = response;
  if (!response.ok || !body) {
    closing.abort();
    throw new Error(`stream: ${response.status}`);
  }
  const events: StreamEvent[] = [];
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of [...waiting]) look();
  };
  const parser = createParser({
    onEvent: ({ event, id, data }) => {
      events.push({ event: event ?? 'message', id, data: JSON.parse(data) as unknown });
      wake();
    },
  });
  let ended = false;
  const reading = (async () => {
    try {
      for await (const text of body.pipeThrough(new TextDecoderStream())) parser.feed(text);
    } catch {
      // Cut: `ended` says so.
    }
    ended = true;
    wake();
  })();
  return {
    events,
    get ended() {
      return ended;
    },
    find(what, fits, withinMs = patienceMs) {
      return new Promise((resolve, reject) => {
        let next = 0;
        const timer = setTimeout(
          () => done(new Error(`${what}: not on the stream within ${withinMs / 1_000} s`)),
          withinMs,
        );
        const done = (result: StreamEvent | Error) => {
          clearTimeout(timer);
          waiting.delete(look);
          if (result instanceof Error) reject(result);
          else resolve(result);
        };
        const look = () => {
          for (; next < events.length; next++) {
            const event = events[next] as StreamEvent;
            if (fits(event)) return done(event);
          }
          if (ended) done(new Error(`${what}: the stream ended before`));
        };
        waiting.add(look);
        look();
      });
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await reading;
    },
  };
}
