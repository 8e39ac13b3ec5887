// The local operator's way in: the API on a Unix socket in the data folder (records.md 12, `run/admin.sock`).
import { request } from 'node:http';
import { join } from 'node:path';

/** No answer in this time: the system is stuck or gone. */
const answerWithinMs = 10_000;

/** Nothing answers on the socket; exit code 4. */
export class CannotConnectError extends Error {
  readonly code = 'CANNOT_CONNECT';
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CannotConnectError';
  }
}

/** The API refused; `status` 401 and 403 are exit code 6. */
export class RefusedError extends Error {
  readonly code = 'REFUSED';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = 'RefusedError';
    this.status = status;
  }
}

/** Path of the socket below a data folder. */
export function adminSocket(dataFolder: string): string {
  return join(dataFolder, 'run', 'admin.sock');
}

/** One request; gives the parsed JSON answer, or throws `CannotConnectError` or `RefusedError`. */
export function callAdmin(socketPath: string, method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const headers = { host: 'localhost', ...(body !== undefined && { 'content-type': 'application/json' }) };
    const call = request({ socketPath, method, path, headers, timeout: answerWithinMs }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const status = response.statusCode ?? 0;
        if (status >= 200 && status < 300) resolve(text === '' ? null : JSON.parse(text));
        else reject(new RefusedError(status, `${method} ${path}: ${status} ${text.slice(0, 500)}`));
      });
    });
    call.on('timeout', () => call.destroy(new Error(`no answer in ${answerWithinMs / 1_000} s`)));
    call.on('error', (cause) =>
      reject(
        new CannotConnectError(`nothing answers at ${socketPath} (${cause.message}); is "vigil up" running there?`, {
          cause,
        }),
      ),
    );
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
