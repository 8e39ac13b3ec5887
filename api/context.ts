// What every route works with: explicit, and the same for the HTTP listener and the local socket.
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyRequest,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { UserRole } from '../contract/index.ts';
import type { AuditEntry } from './audit/chain.ts';
import type { AuditTrail } from './audit/trail.ts';
import type { LiveHub } from './live/hub.ts';
import type { ApiPorts, CheckedOptions } from './options.ts';
import type { Projection } from './projection.ts';
import type { Registrar } from './registrar.ts';
import type { LiveSession, Sessions } from './sessions.ts';
import type { SystemWatch } from './system-watch.ts';

export interface ApiContext {
  readonly options: CheckedOptions;
  readonly ports: ApiPorts;
  readonly projection: Projection;
  readonly system: SystemWatch;
  readonly sessions: Sessions;
  readonly registrar: Registrar;
  readonly trail: AuditTrail;
  readonly hub: LiveHub;
  /** Address of the console, for sign-in links. */
  readonly url: () => string;
}

/** Who may use a route: any of the roles; `*` whoever is signed in; `-` anyone (SEC-RBAC). */
export type Who = readonly UserRole[] | '*' | '-';

/** Who calls. The local operator is a technician and administrator, and no clinician. */
export type Caller =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'local'; readonly uid: number; readonly roles: readonly UserRole[] }
  | {
      readonly kind: 'user';
      readonly id: string;
      readonly roles: readonly UserRole[];
      readonly sessionId: string;
      readonly session: LiveSession;
    };

/** What a handler adds to the row about its call. */
export interface AuditFacts {
  obj?: AuditEntry['obj'];
  actor?: AuditEntry['actor'];
  out?: AuditEntry['out'];
  /** Before and after, of which the hash is kept. */
  change?: { readonly before: unknown; readonly after: unknown };
}

declare module 'fastify' {
  interface FastifyContextConfig {
    who?: Who;
    /** The local operator may do it in the test realm, whatever `who` says. */
    localInTest?: boolean;
    /** What the audit trail calls it; without one a reading call leaves no row. */
    act?: string;
  }
  interface FastifyRequest {
    caller: Caller;
    audit: AuditFacts;
  }
}

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression<RawServerDefault>,
  RawReplyDefaultExpression<RawServerDefault>,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** Name of the caller in records of the log, where it has to be an id. */
export function authorOf(request: FastifyRequest): string {
  const { caller } = request;
  if (caller.kind === 'user') return caller.id;
  return caller.kind === 'local' ? `local-${caller.uid}` : 'anonymous';
}

/** The caller as the audit trail names them. */
export function actorOf({ caller }: FastifyRequest): AuditEntry['actor'] {
  if (caller.kind === 'user') return { kind: 'user', id: caller.id, mfa: false };
  if (caller.kind === 'local') return { kind: 'local', id: `local:${caller.uid}`, mfa: false };
  return { kind: 'anonymous', id: 'anonymous', mfa: false };
}
