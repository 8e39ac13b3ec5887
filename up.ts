// `vigil up`: the parent's side. Says what runs and where to look.
import type { LoadedConfig } from './config.ts';
import { runParent } from './parent.ts';

/** DuckDB's statements and the log's writes share libuv's pool; with its four threads a query would hold up an append. */
const threadPoolSize = '16';

export interface UpOptions {
  readonly simulate: boolean;
  readonly version: string;
  /** Global options, handed on to the children. */
  readonly argv: readonly string[];
}

/** Runs until it is stopped; gives the exit code. */
export function runUp({ config }: LoadedConfig, { simulate, version, argv }: UpOptions): Promise<number> {
  const progress = process.stderr.isTTY ? (text: string) => void process.stderr.write(`${text}\n`) : () => {};
  progress('starting ...');
  return runParent({
    serve: [...argv, 'serve'],
    simulate: simulate ? [...argv, 'sim', 'run'] : undefined,
    environment: { ...process.env, UV_THREADPOOL_SIZE: threadPoolSize },
    onReady: ({ link, mqttPort, data }) => {
      const what = simulate ? 'simulated patients, not for care' : 'not for care';
      process.stdout.write(`Vigil ${version}  ${config.realm.toUpperCase()} REALM, ${what}\n`);
      process.stdout.write(`console ${link} (one use, 15 min; another: vigil link)  mqtt ${mqttPort}  data ${data}\n`);
    },
    log: (message) => void process.stderr.write(`${message}\n`),
  });
}
