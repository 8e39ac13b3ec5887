// A stage for the console: its own files behind the real content policy, and a stream that says what a test wants said. For
// states that the engine is not brought into quickly, or at all yet; what runs against the real program stands in `wall*`.
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '../support/until.ts';
import { snapshot } from '../unit/console/views.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** As in `api/plugins/headers.ts`, which `api-http.test.ts` holds. */
const contentSecurityPolicy = [
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'",
  "worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  'trusted-types vigil',
].join('; ');

export interface Stage extends AsyncDisposable {
  readonly url: string;
  /** Bodies of acknowledgements that came. */
  readonly acknowledged: readonly { readonly alert: string; readonly body: { revision: number } }[];
  /** What the next acknowledgements are answered with. */
  answer(status: number, body: object): void;
  /** A snapshot with these tiles and alerts to every stream, now and at the next connection. */
  show(data: object): void;
  /** One more event to every open stream. */
  send(event: string, data: unknown): void;
  /** False: nothing goes out any more, connections stay open and new ones stay empty. */
  beating(on: boolean): void;
  /** The session is over: streams end so, and no new one is opened. */
  signOut(): void;
  /** Leads that the newest stream asked for. */
  readonly leads: readonly string[];
}

interface Open {
  readonly response: ServerResponse;
  count: number;
}

export async function startStage(): Promise<Stage> {
  const folder = fileURLToPath(new URL('../../build/console/', import.meta.url));
  const files = new Map<string, Buffer>();
  for (const name of await readdir(folder)) files.set(name, await readFile(`${folder}${name}`));
  const open = new Set<Open>();
  const acknowledged: { alert: string; body: { revision: number } }[] = [];
  let shown: object = {};
  let isBeating = true;
  let isSignedOut = false;
  let answer: { status: number; body: object } = { status: 202, body: { pending: true, requestId: 'r-1' } };
  let leads: readonly string[] = [];

  const write = (stream: Open, event: string, data: unknown) => {
    stream.count = event === 'snapshot' ? 1 : stream.count + 1;
    stream.response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  const first = () => snapshot({ serverTs: new Date().toISOString(), ...shown });
  const beat = (stream: Open) => {
    const now = new Date().toISOString();
    write(stream, 'hb', { serverTs: now, engineTs: now, seq: stream.count + 1, nextBy: now });
  };

  const begin = (stream: Open) => {
    write(stream, 'snapshot', first());
    beat(stream);
  };

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://stage');
    response.setHeader('content-security-policy', contentSecurityPolicy);
    const json = (status: number, body: object) =>
      response
        .writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' })
        .end(JSON.stringify(body));
    if (pathname === '/api/v1/session') {
      const session = { user: 'u-1', name: 'K. Reed', roles: ['clinician'], teams: [], csrf: 'c', idleMs: null };
      return isSignedOut
        ? json(401, problem(401, 'not-signed-in'))
        : json(200, { ...session, expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
    }
    if (pathname === '/api/v1/stream') {
      if (isSignedOut) return json(401, problem(401, 'not-signed-in'));
      leads = searchParams.getAll('waveform');
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const stream = { response, count: 0 };
      open.add(stream);
      response.on('close', () => open.delete(stream));
      return isBeating ? begin(stream) : undefined;
    }
    const alert = /^\/api\/v1\/alerts\/([^/]+)\/acknowledge$/.exec(pathname)?.[1];
    if (alert !== undefined) {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        acknowledged.push({ alert, body: JSON.parse(Buffer.concat(chunks).toString()) });
        json(answer.status, answer.body);
      });
      return undefined;
    }
    if (pathname.startsWith('/api/')) return json(404, problem(404, 'not-found'));
    const name = pathname.startsWith('/assets/') ? pathname.slice(8) : 'index.html';
    const file = files.get(name);
    if (!file) return json(404, problem(404, 'not-found'));
    return response.writeHead(200, { 'content-type': types[extname(name)] ?? 'text/plain' }).end(file);
  });
  server.listen(0, '127.0.0.1');
  await until('the stage', () => server.listening);
  const beats = setInterval(() => {
    if (isBeating) for (const stream of open) beat(stream);
  }, 1_000);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    acknowledged,
    answer(status, body) {
      answer = { status, body };
    },
    show(data) {
      shown = data;
      for (const stream of open) write(stream, 'snapshot', first());
    },
    send(event, data) {
      for (const stream of open) write(stream, event, data);
    },
    beating(on) {
      isBeating = on;
      if (on) for (const stream of open) begin(stream);
    },
    signOut() {
      isSignedOut = true;
      for (const stream of open) {
        write(stream, 'end', { reason: 'signed-out' });
        stream.response.end();
      }
    },
    get leads() {
      return leads;
    },
    async [Symbol.asyncDispose]() {
      clearInterval(beats);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A problem as the API answers with. */
export function problem(status: number, code: string, changes: object = {}): object {
  return { type: `urn:vigil:problem:${code}`, status, code, detail: code, request: 'r-8s1', ...changes };
}
