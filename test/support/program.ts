// The real program as a process, for tests: `node bin/vigil.js up` in a folder of its own, on free ports. Every process
// that descends from it carries a mark in its environment, by which it is found and ended, even when its parent is gone.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { openStream, type StreamClient } from './sse.ts';
import { patienceMs, until } from './until.ts';

/** The checkout: where `package.json` and `bin/` are. */
export const rootFolder = fileURLToPath(new URL('../../', import.meta.url));
const MARK = 'TEST_PROGRAM';

export interface ProgramOptions {
  /** Kept and not removed afterwards; default: a new temporary one. */
  readonly dataFolder?: string;
  readonly simulate?: boolean;
  /** `key=value` each, after those that give it a folder and free ports. */
  readonly set?: readonly string[];
  /** As a person does it: `npm start`. Implies the simulators. */
  readonly npm?: boolean;
  readonly readyWithinMs?: number;
}

/** What `run/ready.json` says. */
export interface Ready {
  readonly pid: number;
  readonly version: string;
  readonly url: string;
  readonly mqttPort: number;
  readonly opsPort: number;
  readonly caFile: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into what a stranger would get
  readonly body: any;
}

/** A person signed in at the API. */
export interface SignedIn {
  readonly cookie: string;
  readonly csrf: string;
  get(path: string): Promise<Answer>;
  send(method: string, path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** The live stream, `query` without its question mark. */
  stream(query?: string, headers?: Readonly<Record<string, string>>): Promise<StreamClient>;
}

export interface Program extends AsyncDisposable {
  readonly url: string;
  readonly mqttPort: number;
  readonly opsPort: number;
  readonly caFile: string;
  readonly dataFolder: string;
  /** The sign-in link that stood on stdout. */
  readonly link: string;
  /** `bin/vigil.js`, or npm. */
  readonly pid: number;
  /** The parent (`up`) and the serving child, as of the start. */
  readonly parentPid: number;
  readonly childPid: number;
  stdout(): string;
  stderr(): string;
  /** `run/ready.json` as it is now: a child that was started again has other ports and another pid. */
  ready(): Promise<Ready>;
  /** A request on `run/admin.sock`; `path` as `/devices`, below `/api/v1`. */
  admin(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Signs in with a new link. */
  signIn(): Promise<SignedIn>;
  /** A command of `bin/vigil.js` on this data folder. */
  run(...args: readonly string[]): Promise<Ended>;
  /** All processes that descend from it and still run. */
  processes(): number[];
  /** Sends the signal as a terminal does, to the whole group, and waits for the end; gives the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** SIGKILL to everything at once, simulators too; resolves when nothing is left. */
  kill(): Promise<void>;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const marks = new Set<string>();
const killAll = () => {
  for (const mark of marks) killMarked(mark);
};
process.on('exit', killAll);
afterAll(killAll);

/** Starts it and waits until it serves; what went wrong is in the error, with its stderr. */
export async function startProgram(options: ProgramOptions = {}): Promise<Program> {
  const ownFolder = options.dataFolder === undefined;
  const dataFolder = options.dataFolder ?? (await mkdtemp(join(tmpdir(), 'vigil-test-')));
  const settings = settingsOf(dataFolder, options.set);
  const flags = ['up', ...(options.simulate ? ['--simulate'] : [])];
  const started = options.npm
    ? spawnMarked('npm', ['start', '--', ...settings], rootFolder)
    : spawnMarked(process.execPath, [join(rootFolder, 'bin', 'vigil.js'), ...flags, ...settings], dataFolder);
  const dispose = async () => {
    await started.kill();
    if (ownFolder) await rm(dataFolder, { recursive: true, force: true });
  };
  try {
    const withinMs = options.readyWithinMs ?? patienceMs;
    const link = await until(
      'the line on stdout that says where to look',
      () => {
        if (started.ended()) throw new Error('it ended');
        return /^console (\S+)/m.exec(started.stdout())?.[1];
      },
      { withinMs },
    );
    const ready = await readReady(dataFolder);
    return {
      ...ready,
      caFile: resolve(dataFolder, ready.caFile),
      dataFolder,
      link,
      pid: started.pid,
      childPid: ready.pid,
      parentPid: parentOf(ready.pid),
      stdout: started.stdout,
      stderr: started.stderr,
      ready: () => readReady(dataFolder),
      admin: (method, path, body) => askAdmin(dataFolder, method, path, body),
      signIn: () => signIn(dataFolder),
      run: (...args) => runVigil([...args, '--set', `data=${dataFolder}`]),
      processes: () => markedPids(started.mark),
      stop: started.stop,
      kill: started.kill,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (cause) {
    const said = `stdout:\n${started.stdout()}\nstderr:\n${started.stderr()}`;
    await dispose();
    throw new Error(`the program did not start: ${(cause as Error).message}\n${said}`, { cause });
  }
}

/** Runs a command of `bin/vigil.js` to its end, in an empty folder, so that no configuration of this machine is read. */
export async function runVigil(args: readonly string[], withinMs = patienceMs): Promise<Ended> {
  const folder = await mkdtemp(join(tmpdir(), 'vigil-test-'));
  const started = spawnMarked(process.execPath, [join(rootFolder, 'bin', 'vigil.js'), ...args], folder);
  try {
    await until(`the end of vigil ${args.join(' ')}`, started.ended, { withinMs });
    return { code: started.code(), stdout: started.stdout(), stderr: started.stderr() };
  } finally {
    await started.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Free ports for all listeners, and the folder; what a test sets itself comes last and wins. */
function settingsOf(dataFolder: string, set: readonly string[] = []): string[] {
  const own = [`data=${dataFolder}`, 'api.httpPort=0', 'ingest.mqttPort=0', 'ops.opsPort=0'];
  return [...own, ...set].flatMap((setting) => ['--set', setting]);
}

interface Started {
  readonly mark: string;
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  ended(): boolean;
  code(): number | null;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  kill(): Promise<void>;
}

function spawnMarked(command: string, args: readonly string[], cwd: string): Started {
  const mark = randomUUID();
  marks.add(mark);
  // Settings of this machine, and the marks of a test runner, would change what the program does.
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(VIGIL_|VITEST|NODE_OPTIONS|NODE_ENV$)/.test(name),
  );
  const child = spawn(command, args, {
    cwd,
    env: { ...Object.fromEntries(inherited), [MARK]: mark },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, as a shell gives one: a signal to it is what Ctrl-C in a terminal sends.
    detached: true,
  });
  let failed: Error | undefined;
  child.on('error', (error) => {
    failed = error;
  });
  const stdout = collected(child.stdout);
  const stderr = collected(child.stderr);
  const ended = () => {
    if (failed) throw failed;
    return child.exitCode !== null || child.signalCode !== null;
  };
  return {
    mark,
    pid: child.pid ?? 0,
    stdout,
    stderr,
    ended,
    code: () => child.exitCode,
    async stop(signal = 'SIGINT') {
      if (!ended()) process.kill(-(child.pid as number), signal);
      await until(`its end after ${signal}`, ended);
      return child.exitCode;
    },
    async kill() {
      await until('the end of all its processes', () => {
        killMarked(mark);
        return markedPids(mark).length === 0;
      });
      marks.delete(mark);
    },
  };
}

function collected(stream: ChildProcess['stdout']): () => string {
  let text = '';
  stream?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}

/** Processes that carry the mark: read from /proc, so a test that starts the program runs on Linux, as the program does. */
function markedPids(mark: string): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      if (!readFileSync(`/proc/${name}/environ`, 'latin1').split('\0').includes(`${MARK}=${mark}`)) return [];
      const [state] = afterCommand(name);
      return state === 'Z' || state === 'X' ? [] : [Number(name)];
    } catch {
      return []; // gone meanwhile, or another user's
    }
  });
}

function killMarked(mark: string): void {
  for (const pid of markedPids(mark)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // gone meanwhile
    }
  }
}

/** Fields of /proc/PID/stat from the third on; the second, a name in brackets, may hold anything. */
function afterCommand(pid: number | string): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** The process that started this one. */
export function parentOf(pid: number): number {
  return Number(afterCommand(pid)[1]);
}

async function readReady(dataFolder: string): Promise<Ready> {
  return JSON.parse(await readFile(join(dataFolder, 'run', 'ready.json'), 'utf8')) as Ready;
}

function askAdmin(dataFolder: string, method: string, path: string, body?: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(
      {
        socketPath: join(dataFolder, 'run', 'admin.sock'),
        method,
        path: `/api/v1${path}`,
        headers: { host: 'localhost', ...(body !== undefined && { 'content-type': 'application/json' }) },
        timeout: patienceMs,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: text === '' ? null : JSON.parse(text),
          });
        });
      },
    );
    call.on('timeout', () => call.destroy(new Error('no answer')));
    call.on('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function signIn(dataFolder: string): Promise<SignedIn> {
  const { url } = await readReady(dataFolder);
  const made = await askAdmin(dataFolder, 'POST', '/links', {});
  const link = /#link=(.+)$/.exec(String(made.body?.link))?.[1] ?? String(made.body?.link);
  const signedIn = await fetch(new URL('/api/v1/session', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ link }),
  });
  if (!signedIn.ok) throw new Error(`sign-in: ${signedIn.status} ${await signedIn.text()}`);
  await signedIn.body?.cancel();
  const cookie = signedIn.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ');
  const ask = async (method: string, path: string, headers: Readonly<Record<string, string>>, body?: string) => {
    const options = { method, headers: { cookie, ...headers }, ...(body !== undefined && { body }) };
    const response = await fetch(new URL(`/api/v1${path}`, url), options);
    const text = await response.text();
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: text === '' ? null : (JSON.parse(text) as unknown),
    };
  };
  const session = await ask('GET', '/session', {});
  const csrf = String((session.body as { csrf?: unknown } | null)?.csrf);
  return {
    cookie,
    csrf,
    get: (path) => ask('GET', path, {}),
    send: (method, path, body, headers) =>
      ask(method, path, { 'content-type': 'application/json', 'vigil-csrf': csrf, ...headers }, JSON.stringify(body)),
    stream: (query = '', headers = {}) =>
      openStream(new URL(`/api/v1/stream${query === '' ? '' : `?${query}`}`, url).href, { cookie, ...headers }),
  };
}
