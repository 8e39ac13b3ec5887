// What every answer carries, and which host a browser may have asked (`interfaces.md` 4.1, `console.md` 12).

import type { ApiContext, App } from '../context.ts';
import { ProblemError } from '../errors.ts';

const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types vigil',
].join('; ');

/** Hosts of a plain listener on loopback: another name is a foreign page that was made to point here. */
const loopbackHosts = new Set(['127.0.0.1', 'localhost', '[::1]']);

export function addHeaders(app: App, { options }: ApiContext, isLocal: boolean): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers({
      'cache-control': 'no-store',
      'vigil-realm': options.realm,
      'vigil-config': options.configHash,
      'vigil-request': request.id,
      'content-security-policy': contentSecurityPolicy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
    });
    const host = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
    const isOurs = isLocal || loopbackHosts.has(host);
    done(isOurs ? undefined : new ProblemError('malformed', 'not a name of this host'));
  });
}
