import { closeSync, openSync } from 'node:fs';
import { mkdir, unlink } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { basename, dirname, join, relative } from 'node:path';
import { AlreadyRunningError, LocalRefusedError, NotRunningError } from './errors.ts';
import { localAnswerWithinMs } from './limits.ts';

/** Longest path a Unix socket's address holds, with its final zero left out. */
const pathBytesMax = 107;

interface Address extends Disposable {
  readonly text: string;
}

/** An address of the socket that the system takes: a deep folder is named by a descriptor instead, open until disposed. */
function openAddress(path: string): Address {
  const text = [path, relative(process.cwd(), path)].find((name) => Buffer.byteLength(name) <= pathBytesMax);
  if (text !== undefined) return { text, [Symbol.dispose]: () => {} };
  const folder = openSync(dirname(path), 'r');
  return { text: join('/proc/self/fd', String(folder), basename(path)), [Symbol.dispose]: () => closeSync(folder) };
}

/** One request to a local socket: the answer's JSON, or `NotRunningError`, or `LocalRefusedError`. */
export function callLocal(socketPath: string, method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = { host: 'localhost', ...(text !== undefined && { 'content-type': 'application/json' }) };
  return new Promise((resolve, reject) => {
    let address: Address;
    try {
      address = openAddress(socketPath);
    } catch (cause) {
      reject(new NotRunningError(`${socketPath}: ${(cause as Error).message}`, { cause }));
      return;
    }
    const call = request({ socketPath: address.text, method, path, headers, timeout: localAnswerWithinMs });
    call.on('close', () => address[Symbol.dispose]());
    call.on('response', (response) => {
      readJson(response).then((answer) => {
        const status = response.statusCode ?? 0;
        if (status >= 200 && status < 300) resolve(answer);
        else reject(new LocalRefusedError(`${method} ${path}`, status, answer));
      }, reject);
    });
    call.on('timeout', () => call.destroy(new Error(`no answer in ${localAnswerWithinMs / 1_000} s`)));
    call.on('error', (cause) => reject(new NotRunningError(`${socketPath}: ${cause.message}`, { cause })));
    call.end(text);
  });
}

async function readJson(stream: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return text;
  }
}

/** What a local server answers: status and JSON. */
export interface LocalAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** Serves a local socket that only its owner may use; one left behind by a killed process is taken over. */
export async function serveLocal(
  socketPath: string,
  answer: (method: string, path: string, body: unknown) => Promise<LocalAnswer>,
): Promise<AsyncDisposable> {
  await mkdir(dirname(socketPath), { recursive: true, mode: 0o700 });
  const server = createServer((request, response) => void respond(request, response, answer));
  using stack = new DisposableStack();
  const address = stack.use(openAddress(socketPath));
  try {
    await listen(server, address.text);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    if (await answers(socketPath)) throw new AlreadyRunningError(socketPath, { cause });
    await unlink(socketPath);
    await listen(server, address.text);
  }
  const kept = stack.move();
  return {
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      kept.dispose();
    },
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (method: string, path: string, body: unknown) => Promise<LocalAnswer>,
): Promise<void> {
  let result: LocalAnswer;
  try {
    result = await answer(request.method ?? '', request.url ?? '', await readJson(request));
  } catch (error) {
    result = { status: 500, body: { message: (error as Error).message } };
  }
  response.writeHead(result.status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(result.body));
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // Nobody but the owner reaches into the folder; the socket itself says so too.
    server.listen({ path, readableAll: false, writableAll: false }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function answers(socketPath: string): Promise<boolean> {
  try {
    await callLocal(socketPath, 'GET', '/');
    return true;
  } catch (error) {
    return !(error instanceof NotRunningError);
  }
}
