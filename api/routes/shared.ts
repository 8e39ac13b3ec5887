// What several routes need: roles, parameters, and the objects they name.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ApiContext, authorOf } from '../context.ts';
import { ProblemError } from '../errors.ts';
import type { Author } from '../registrar.ts';

/** Clinicians and leads: they see values, and act on patients. */
export const clinical = ['clinician', 'lead'] as const;
/** Technicians and administrators: they see devices, and no values. */
export const technical = ['technician', 'administrator'] as const;
export const staff = [...clinical, ...technical] as const;
export const reviewing = [...clinical, 'auditor'] as const;

/** Epoch milliseconds of a span, checked against the longest one allowed. */
export function spanOf({ from, to }: { readonly from: string; readonly to: string }, maxMs: number) {
  const times = { from: instantMs(from), to: instantMs(to) };
  if (times.from >= times.to) throw new ProblemError('malformed', 'from is not before to');
  if (times.to - times.from > maxMs) throw new ProblemError('too-long', `at most ${maxMs / 1000} s at once`);
  return times;
}

/** Epoch milliseconds of an instant that has the right form. */
export function instantMs(instant: string): number {
  const ms = Date.parse(instant);
  if (!Number.isFinite(ms) || ms < 0) throw new ProblemError('malformed', 'there is no such instant');
  return ms;
}

export function author(request: FastifyRequest, { ports }: ApiContext): Author {
  return { by: authorOf(request), at: ports.clock.wall() };
}

export function patientOf({ projection }: ApiContext, id: string) {
  const found = projection.registry.get('patient', id);
  if (!found) throw new ProblemError('not-found', 'no such patient');
  return found;
}

export function deviceOf({ projection }: ApiContext, id: string) {
  const found = projection.registry.get('device', id);
  if (!found) throw new ProblemError('not-found', 'no such device');
  return found;
}

/** Says what the row about this call is about. */
export function about(request: FastifyRequest, kind: string, id: string | null, patient: string | null): void {
  request.audit.obj = { kind, id, patient };
}

export function setRevision(reply: FastifyReply, revision: number): void {
  reply.header('etag', `"${revision}"`);
}

/** `If-Match` names the revision that the caller saw (`interfaces.md` 4.1). */
export function checkRevision({ headers }: FastifyRequest, revision: number): void {
  const match = headers['if-match'];
  if (match === undefined) throw new ProblemError('revision-needed', 'say in If-Match which revision you saw');
  if (match !== `"${revision}"`)
    throw new ProblemError('revision', `revision ${revision} is current`, { current: { revision } });
}
