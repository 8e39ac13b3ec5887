// Sign-in links and sessions (`reliability.md` 3.4), from the topic `sessions`. Class C. Invariants: a secret is never kept,
// only its SHA-256; a link signs in once, and it is used up in the log before anybody gets a session from it; a session
// that ended ends everywhere at once. On failure: the log refuses, so nobody is signed in.
import { createHash } from 'node:crypto';
import {
  decodeBody,
  decodeRecord,
  encodeRecord,
  type LogRecord,
  type Random,
  SessionState,
  SessionsHeader,
  SignInLink,
  type StreamLog,
} from '../contract/index.ts';
import { ProblemError } from './errors.ts';
import { linkForMs, sessionForMs, sessionsMax } from './limits.ts';

export interface SessionsPorts {
  readonly log: StreamLog;
  readonly random: Random;
  readonly now: () => number;
}

/** A session that holds: `hash` names it, `usedAt` is when its user last asked for something. */
export interface LiveSession extends SessionState {
  readonly hash: string;
  usedAt: number;
}

export class Sessions {
  readonly #ports: SessionsPorts;
  readonly #idleMs: number | null;
  readonly #links = new Map<string, SignInLink>();
  readonly #sessions = new Map<string, LiveSession>();
  readonly #ended = new Set<(hash: string) => void>();

  constructor(ports: SessionsPorts, idleMs: number | null) {
    this.#ports = ports;
    this.#idleMs = idleMs;
  }

  get idleMs(): number | null {
    return this.#idleMs;
  }

  /** Told of each session that ends by a person's act. */
  onEnd(ended: (hash: string) => void): void {
    this.#ended.add(ended);
  }

  /** Takes a record of `sessions`; what is neither link nor session is left to others. */
  take({ key, value }: LogRecord): void {
    const [kind, hash = ''] = key.split('/');
    if (kind !== 'link' && kind !== 'session') return;
    if (value.length === 0) {
      this.#bury(kind, hash);
      return;
    }
    const { header, body } = decodeRecord(value);
    SessionsHeader.parse(header);
    if (kind === 'link') this.#links.set(hash, SignInLink.parse(decodeBody(body)));
    else if (!this.#sessions.has(hash)) this.#hold(hash, SessionState.parse(decodeBody(body)));
  }

  #bury(kind: 'link' | 'session', hash: string): void {
    if (kind === 'link') this.#links.delete(hash);
    else if (this.#sessions.delete(hash)) for (const tell of this.#ended) tell(hash);
  }

  #hold(hash: string, state: SessionState): LiveSession {
    const session = { ...state, hash, usedAt: this.#ports.now() };
    this.#sessions.set(hash, session);
    return session;
  }

  /** A new link's token, to be shown once. */
  async createLink(user: string): Promise<{ readonly token: string; readonly expiresAt: number }> {
    await this.#prune();
    const token = this.#secret();
    const link = { user, expiresAt: this.#ports.now() + linkForMs };
    const hash = hashOf(token);
    await this.#append([{ key: `link/${hash}`, value: this.#encode('link', link) }]);
    this.#links.set(hash, link);
    return { token, expiresAt: link.expiresAt };
  }

  /** Uses a link up: the new session's id, or undefined for whatever is wrong with it. */
  async redeem(token: string): Promise<{ readonly id: string; readonly session: LiveSession } | undefined> {
    const hash = hashOf(token);
    const link = this.#links.get(hash);
    // Gone before anything is awaited: of two who come at once one finds nothing.
    this.#links.delete(hash);
    if (!link) return undefined;
    const now = this.#ports.now();
    const id = this.#secret();
    const state = { user: link.user, createdAt: now, expiresAt: now + sessionForMs };
    const grave = { key: `link/${hash}`, value: new Uint8Array() };
    if (link.expiresAt <= now) {
      await this.#append([grave]);
      return undefined;
    }
    const sessionHash = hashOf(id);
    await this.#append([grave, { key: `session/${sessionHash}`, value: this.#encode('session', state) }]);
    return { id, session: this.#hold(sessionHash, state) };
  }

  /** The session of an id that a browser sent, if it still holds. */
  find(id: string): LiveSession | undefined {
    return this.byHash(hashOf(id));
  }

  byHash(hash: string): LiveSession | undefined {
    const session = this.#sessions.get(hash);
    if (!session) return undefined;
    const now = this.#ports.now();
    const isIdle = this.#idleMs !== null && session.usedAt + this.#idleMs <= now;
    return session.expiresAt <= now || isIdle ? undefined : session;
  }

  /** Ends a session here at once and in the log. */
  async end(hash: string): Promise<void> {
    this.#bury('session', hash);
    await this.#append([{ key: `session/${hash}`, value: new Uint8Array() }]);
  }

  /** Buries what has expired, and refuses more than the limit. */
  async #prune(): Promise<void> {
    const now = this.#ports.now();
    const graves: string[] = [];
    for (const [hash, { expiresAt }] of this.#links) if (expiresAt <= now) graves.push(`link/${hash}`);
    for (const [hash] of this.#sessions) if (!this.byHash(hash)) graves.push(`session/${hash}`);
    if (graves.length > 0) await this.#append(graves.map((key) => ({ key, value: new Uint8Array() })));
    for (const grave of graves) {
      const [kind, hash = ''] = grave.split('/');
      this.#bury(kind === 'link' ? 'link' : 'session', hash);
    }
    if (this.#links.size + this.#sessions.size >= sessionsMax)
      throw new ProblemError('rate', `${sessionsMax} links and sessions are open`);
  }

  #encode(kind: 'link' | 'session', body: object): Uint8Array {
    return encodeRecord({ v: 1, kind, at: this.#ports.now() }, body);
  }

  #append(records: Parameters<StreamLog['append']>[1]): Promise<unknown> {
    return this.#ports.log.append('sessions', records, { lane: 'control' });
  }

  /** 256 bits. */
  #secret(): string {
    return Buffer.from(this.#ports.random.bytes(32)).toString('base64url');
  }
}

/** What is kept of a secret. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** The token that changing calls of a session carry: made from its id, so that only who has the cookie can know it. */
export function csrfOf(sessionId: string): string {
  return createHash('sha256').update(`csrf ${sessionId}`).digest('base64url');
}
