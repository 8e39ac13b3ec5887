// What this screen asks of the API beside the stream: signing in, and acknowledging.
import type { Held } from './held.ts';

/** No answer in this time is said to the person, who can act elsewhere. */
const answerWithinMs = 8_000;

interface Problem {
  readonly code?: string;
  readonly detail?: string;
}

interface SessionView {
  readonly csrf: string;
  readonly name: string;
}

let csrf: string | undefined;

/** Who is signed in here, or null. */
export async function session(): Promise<SessionView | null> {
  const response = await fetch('/api/v1/session', { signal: AbortSignal.timeout(answerWithinMs) });
  if (response.status === 401) return null;
  if (!response.ok) throw new Error(`session: ${response.status}`);
  const view = (await response.json()) as SessionView;
  csrf = view.csrf;
  return view;
}

/** Signs in with a one-time link; gives what went wrong, or null. */
export async function signIn(link: string): Promise<string | null> {
  const response = await fetch('/api/v1/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ link }),
    signal: AbortSignal.timeout(answerWithinMs),
  });
  return response.ok ? null : 'This link was used before, or its 15 minutes are over. "npx vigil link" makes another.';
}

/** `taken`, or what to tell the person; nothing is assumed to have worked. */
export async function acknowledge({ id, revision, patient }: Held): Promise<string> {
  try {
    if (csrf === undefined) await session();
    const response = await fetch(`/api/v1/alerts/${encodeURIComponent(id)}/acknowledge`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'vigil-csrf': csrf ?? '', 'idempotency-key': crypto.randomUUID() },
      body: JSON.stringify({ revision, patient }),
      signal: AbortSignal.timeout(answerWithinMs),
    });
    if (response.status === 202) return 'Sent, not yet confirmed. The alert stays until it is.';
    if (response.ok) return 'taken';
    const problem = (await response.json()) as Problem;
    return `Not acknowledged: ${problem.detail ?? problem.code ?? response.status}`;
  } catch {
    return 'Not acknowledged: the server does not answer.';
  }
}
