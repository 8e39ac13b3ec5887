// What this screen asks of the API beside the stream: signing in, acknowledging, and what was before.
import { createClient, NoAnswerError, ProblemAnswerError, type Vital, type verdicts } from '../../contract/index.ts';
import type { Held } from './held.ts';
import { t } from './words.ts';

/** No answer in this time is said to the person, who can act elsewhere. */
const withinMs = 8_000;

const client = createClient();

export type Verdict = (typeof verdicts)[number];

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
    return t('screen.usedLink');
  }
}

/** What became of a press: the server took it, has it in its log, or said no. Nothing is assumed to have worked. */
export interface Acknowledged {
  readonly state: 'taken' | 'pending' | 'refused';
  readonly text: string;
}

export async function acknowledge({ id, revision, patient }: Held, verdict: Verdict | null): Promise<Acknowledged> {
  try {
    const body = { revision, patient, ...(verdict !== null && { verdict }) };
    const { status } = await client.call('POST /alerts/{id}/acknowledge', { params: { id }, body, withinMs });
    return status === 202 ? { state: 'pending', text: t('act.pending') } : { state: 'taken', text: '' };
  } catch (error) {
    if (!(error instanceof ProblemAnswerError)) return { state: 'refused', text: t('act.noAnswer') };
    // What to quote when somebody asks for help.
    const why = `${error.problem.detail} (${error.problem.request})`;
    return { state: 'refused', text: t('act.notAcknowledged', { why }) };
  }
}

/** A vital's last span up to `to`, in buckets of a minute, with the limits in force; null: it did not come. */
export async function seriesOf(id: string, vital: Vital, to: number, spanMs: number) {
  const query = { vital, from: new Date(to - spanMs).toISOString(), to: new Date(to).toISOString(), bucketMs: 60_000 };
  try {
    return (await client.call('GET /patients/{id}/series', { params: { id }, query, withinMs })).body;
  } catch {
    return null;
  }
}
