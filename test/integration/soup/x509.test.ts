// What we rely on in @peculiar/x509 with reflect-metadata: TLS clients believe the certificates that it makes, by name and by
// address, and believe them no longer after their end.
import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { ensureCertificates } from '../../../ingest/index.ts';

/** What a client says of the server: `ok`, or the code of its error. */
async function handshake(
  now: number,
  options: { readonly host?: string; readonly servername?: string; readonly withoutCa?: boolean },
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'vigil-x509-'));
  const { caPem, certPem, keyPem } = await ensureCertificates({ folder, realm: 'test', hosts: [], now });
  const server = createServer({ cert: certPem, key: keyPem, minVersion: 'TLSv1.2' });
  server.on('tlsClientError', () => {});
  try {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return await new Promise((resolve) => {
      const { withoutCa = false, servername, host = '127.0.0.1' } = options;
      const socket = connect({
        port,
        host,
        ...(withoutCa ? {} : { ca: caPem }),
        ...(servername === undefined ? {} : { servername }),
      });
      const done = (outcome: string) => {
        socket.destroy();
        resolve(outcome);
      };
      socket.once('secureConnect', () => done('ok'));
      socket.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    });
  } finally {
    server.close();
    await rm(folder, { recursive: true });
  }
}

describe('certificates that TLS clients judge', { tags: ['OPS-SOUP', 'SEC-TLS'] }, () => {
  const today = Date.now();
  test.for<[string, number, Parameters<typeof handshake>[1], string]>([
    ['by address', today, {}, 'ok'],
    ['by name', today, { servername: 'localhost' }, 'ok'],
    ['under another name', today, { servername: 'vigil.example' }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['of an authority that the client does not know', today, { withoutCa: true }, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['after their end', today - 91 * 86_400_000, {}, 'CERT_HAS_EXPIRED'],
    ['before their time', today + 2 * 86_400_000, {}, 'CERT_NOT_YET_VALID'],
  ])('%s', async ([, now, options, outcome]) => {
    expect(await handshake(now, options)).toBe(outcome);
  });

  test('the versions that were reviewed', () => {
    const versions = ['@peculiar/x509', 'reflect-metadata'].map(
      (name) => (JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')) as { version: string }).version,
    );
    expect(versions).toEqual(['2.2.0', '0.2.2']);
  });
});
