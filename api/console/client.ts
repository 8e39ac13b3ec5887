// What this screen asks of the API beside the stream: signing in, and acknowledging.
import { createClient, NoAnswerError, ProblemAnswerError } from '../../contract/index.ts';
import type { Held } from './held.ts';

/** No answer in this time is said to the person, who can act elsewhere. */
const withinMs = 8_000;

const client = createClient();

/** Who is signed in here, or null. */
export async function session(): Promise<{ readonly name: string } | null> {
  try {
    return (await client.call('GET /session', { withinMs })).body;
  } catch (error) {
    if (error instanceof ProblemAnswerError && error.code === 'not-signed-in') return null;
    throw error;
  }
}

/** Signs in with a one-time link; gives what went wrong, or null. */
export async function signIn(link: string): Promise<string | null> {
  try {
    await client.call('POST /session', { body: { link }, withinMs });
    return null;
  } catch (error) {
    if (error instanceof NoAnswerError) throw error;
    return 'This link was used before, or its 15 minutes are over. "npx vigil link" makes another.';
  }
}

/** `taken`, or what to tell the person; nothing is assumed to have worked. */
export async function acknowledge({ id, revision, patient }: Held): Promise<string> {
  try {
    const request = { params: { id }, body: { revision, patient }, withinMs };
    const { status } = await client.call('POST /alerts/{id}/acknowledge', request);
    return status === 202 ? 'Sent, not yet confirmed. The alert stays until it is.' : 'taken';
  } catch (error) {
    if (error instanceof ProblemAnswerError) return `Not acknowledged: ${error.problem.detail}`;
    return 'Not acknowledged: the server does not answer.';
  }
}
