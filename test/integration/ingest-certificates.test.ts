import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ensureCertificates } from '../../ingest/index.ts';

const day = 86_400_000;
const now = Date.UTC(2026, 2, 1);

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'vigil-certificates-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const make = (folder: string, at = now, hosts: readonly string[] = []) =>
  ensureCertificates({ folder, realm: 'test', hosts, now: at });

describe('certificates', { tags: ['SEC-TLS', 'SEC-CERT'] }, () => {
  test('at the first start an authority and a server certificate for 90 days', async () => {
    await inFolder(async (folder) => {
      const { caPem, certPem, caFile, keyFile } = await make(folder);
      const [ca, server] = [new X509Certificate(caPem), new X509Certificate(certPem)];
      const names = ['localhost', '127.0.0.1', '::1'].map((name) => server.checkHost(name) ?? server.checkIP(name));
      expect([ca.ca, server.ca, server.verify(ca.publicKey), server.checkIssued(ca), names]).toEqual([
        true,
        false,
        true,
        true,
        ['localhost', '127.0.0.1', '::1'],
      ]);
      expect([
        Date.parse(server.validTo) - now,
        server.publicKey.asymmetricKeyDetails?.namedCurve,
        server.subject,
      ]).toEqual([90 * day, 'prime256v1', 'CN=Vigil test server\nO=Vigil test']);
      const modes = await Promise.all(
        [join(folder, 'ca', 'ca.key'), keyFile].map(async (path) => (await stat(path)).mode & 0o777),
      );
      expect([modes, caFile]).toEqual([[0o600, 0o600], join(folder, 'ca', 'ca.pem')]);
    });
  });

  test('a second start gives the same', async () => {
    await inFolder(async (folder) => {
      const first = await make(folder);
      expect(await make(folder, now + 60 * day)).toEqual(first);
    });
  });

  test('less than 30 days before its end the server’s is made anew, under the same authority', async () => {
    await inFolder(async (folder) => {
      const first = await make(folder);
      const [kept, renewed] = [await make(folder, now + 60 * day), await make(folder, now + 60 * day + 1)];
      expect([
        kept.certPem === first.certPem,
        renewed.certPem === first.certPem,
        renewed.caPem === first.caPem,
      ]).toEqual([true, false, true]);
      expect(Date.parse(new X509Certificate(renewed.certPem).validTo)).toBe(
        now + 150 * day + 1 - ((now + 150 * day + 1) % 1_000),
      );
    });
  });

  test('another name, or a key that is another’s: made anew', async () => {
    await inFolder(async (folder) => {
      const first = await make(folder);
      const named = await make(folder, now, ['vigil.example', '10.0.0.7']);
      const server = new X509Certificate(named.certPem);
      expect([server.checkHost('vigil.example'), server.checkIP('10.0.0.7')]).toEqual(['vigil.example', '10.0.0.7']);
      await writeFile(named.keyFile, first.keyPem);
      expect((await make(folder)).certPem).not.toBe(named.certPem);
    });
  });

  test('a crash between the authority’s key and its certificate is mended; a lost key is not papered over', async () => {
    await inFolder(async (folder) => {
      const first = await make(folder);
      await unlink(first.caFile);
      const second = await make(folder);
      expect(second.caPem).not.toBe(first.caPem);
      await unlink(join(folder, 'ca', 'ca.key'));
      // An authority kept off line: what it signed goes on.
      expect((await make(folder)).certPem).toBe(second.certPem);
      await expect(make(folder, now + 80 * day)).rejects.toMatchObject({ code: 'INGEST_CERTIFICATE' });
      expect(await readFile(first.caFile, 'utf8')).toBe(second.caPem);
    });
  });
});
