// Certificates of an installation's own authority (SEC-TLS, SEC-CERT), made at the first start and renewed before they end.
// Class C. The only file that knows @peculiar/x509. A key that cannot be read, or that is not its certificate's, is never
// replaced in silence where others rely on it: the authority stays, only the server's certificate is made anew.
import 'reflect-metadata';
import { createPrivateKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import type { Realm } from '../contract/index.ts';
import { IngestError } from './errors.ts';
import { certificateDays } from './limits.ts';

export interface CertificateOptions {
  /** Data folder; `ca/` and `tls/` are made in it. */
  readonly folder: string;
  readonly realm: Realm;
  /** Further names and addresses of this server, beside those of loopback. */
  readonly hosts: readonly string[];
  /** UTC milliseconds. */
  readonly now: number;
}

/** PEM texts, and where they stand. */
export interface Certificates {
  readonly caPem: string;
  readonly certPem: string;
  readonly keyPem: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

const dayMs = 86_400_000;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const loopback = ['localhost', '127.0.0.1', '::1'];

/** Gives what stands in the folder, or makes it; a server certificate with less than 30 days to go is made anew. */
export async function ensureCertificates(options: CertificateOptions): Promise<Certificates> {
  const { folder } = options;
  const caFile = join(folder, 'ca', 'ca.pem');
  const caKeyFile = join(folder, 'ca', 'ca.key');
  const certFile = join(folder, 'tls', 'server.pem');
  const keyFile = join(folder, 'tls', 'server.key');
  for (const name of ['ca', 'tls']) await mkdir(join(folder, name), { recursive: true, mode: 0o700 });

  // The key was written first: without a certificate nobody has ever relied on it.
  if ((await read(caFile)) === undefined) await makeAuthority(options, caFile, caKeyFile);
  const caPem = (await read(caFile)) ?? '';
  const hosts = [...new Set([...loopback, ...options.hosts])];
  const held = { certPem: await read(certFile), keyPem: await read(keyFile) };
  if (!isUsable(held, { caPem, hosts, now: options.now })) {
    const made = await makeServer({ ...options, hosts }, caPem, await read(caKeyFile));
    await write(keyFile, made.keyPem, 0o600);
    await write(certFile, made.certPem, 0o644);
    return { caPem, ...made, caFile, certFile, keyFile };
  }
  return { caPem, certPem: held.certPem as string, keyPem: held.keyPem as string, caFile, certFile, keyFile };
}

function isUsable(
  { certPem, keyPem }: { readonly certPem: string | undefined; readonly keyPem: string | undefined },
  { caPem, hosts, now }: { readonly caPem: string; readonly hosts: readonly string[]; readonly now: number },
): boolean {
  if (certPem === undefined || keyPem === undefined) return false;
  try {
    const certificate = new X509Certificate(certPem);
    const authority = new X509Certificate(caPem);
    return (
      certificate.checkPrivateKey(createPrivateKey(keyPem)) &&
      certificate.verify(authority.publicKey) &&
      Date.parse(certificate.validFrom) <= now &&
      Date.parse(certificate.validTo) - now >= certificateDays.renewBefore * dayMs &&
      hosts.every((host) => (isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host)) !== undefined)
    );
  } catch {
    return false;
  }
}

async function makeAuthority({ realm, now }: CertificateOptions, caFile: string, caKeyFile: string): Promise<void> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: `CN=Vigil ${realm} authority, O=Vigil ${realm}`,
    ...validity(now, certificateDays.authority),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  await write(caKeyFile, await pemOf(keys.privateKey), 0o600);
  await write(caFile, certificate.toString('pem'), 0o644);
}

async function makeServer(
  { realm, now, hosts }: CertificateOptions,
  caPem: string,
  caKeyPem: string | undefined,
): Promise<{ certPem: string; keyPem: string }> {
  if (caKeyPem === undefined)
    throw new IngestError('the server certificate has to be made, and ca/ca.key is not there', {
      code: 'INGEST_CERTIFICATE',
    });
  const authority = new x509.X509Certificate(caPem);
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: `CN=Vigil ${realm} server, O=Vigil ${realm}`,
    issuer: authority.subject,
    ...validity(now, certificateDays.server),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: await importKey(caKeyPem),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        hosts.map((value) => ({ type: isIP(value) ? ('ip' as const) : ('dns' as const), value })),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certPem: certificate.toString('pem'), keyPem: await pemOf(keys.privateKey) };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
}

function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', new Uint8Array(der), algorithm, false, ['sign']);
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

/** From a day ago, so that a client whose clock is a little slow believes it. */
function validity(now: number, days: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(now - dayMs), notAfter: new Date(now + days * dayMs) };
}

/** Random and positive, RFC 5280 4.1.2.2. */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new IngestError(`${path} cannot be read`, { code: 'INGEST_CERTIFICATE', cause });
  }
}

/** Whole or not at all: under another name, synced, then renamed. */
async function write(path: string, text: string, mode: number): Promise<void> {
  const file = await open(`${path}.new`, 'w', mode);
  try {
    await file.chmod(mode);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}
