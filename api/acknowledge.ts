// A person takes an alert (API-ACK). Class C. Invariants: the act stands in `inputs` before anything is answered; only the
// engine decides what becomes of it, and its event is the answer; the act names alert, revision and patient, and a patient
// who is not the alert's is refused here. On failure: no answer of the engine in time is "pending", never "done".
import {
  type Acknowledge,
  type Alert,
  type AlertEvent,
  type Clock,
  encodeInput,
  type StreamLog,
} from '../contract/index.ts';
import { openDeadline } from './deadline.ts';
import { ProblemError } from './errors.ts';
import { acknowledgeWithinMs } from './limits.ts';
import type { Projection } from './projection.ts';
import { alertView } from './views.ts';

export interface Acknowledgement {
  readonly alert: string;
  readonly patient: string | null;
  readonly requestId: string;
  readonly revision: number;
  readonly verdict: Acknowledge['verdict'];
  readonly by: string;
  readonly at: number;
}

/** The alert afterwards, or undefined while the engine has not answered. Throws the `ProblemError` of a refusal. */
export async function acknowledge(
  act: Acknowledgement,
  { log, projection, clock }: { readonly log: StreamLog; readonly projection: Projection; readonly clock: Clock },
): Promise<Alert | undefined> {
  const { requestId } = act;
  const alert = projection.alerts.find(act.alert)?.alert;
  if (!alert) throw new ProblemError('not-found', 'no such alert');
  if (alert.patient !== act.patient) throw new ProblemError('patient-mismatch', 'the alert is of another patient');
  if (!projection.alerts.answerTo(requestId)) await log.append('inputs', [recordOf(act, alert)], { lane: 'control' });
  const answered = () => projection.alerts.answerTo(requestId) !== undefined;
  using limit = openDeadline(clock, acknowledgeWithinMs);
  await projection.until(answered, limit.signal).catch(() => {});
  const answer = projection.alerts.answerTo(requestId);
  if (!answer) return undefined;
  if (answer.type === 'ack-refused') throw refusalOf(answer, projection);
  return projection.alerts.find(act.alert)?.alert ?? answer.alert;
}

function recordOf({ requestId, revision, verdict, by, at, alert }: Acknowledgement, { patient, scope }: Alert) {
  // An alert of a gateway or of the system is judged where that key is.
  const key = patient ?? (scope.startsWith('gateway:') ? scope.slice('gateway:'.length) : 'system');
  const body = { requestId, alert, revision, ...(verdict && { verdict }) };
  return { key, value: encodeInput({ v: 1, kind: 'acknowledge', patient: key, by, at }, body) };
}

function refusalOf({ refused, alert: told }: AlertEvent, projection: Projection): ProblemError {
  if (refused === 'unknown-alert') return new ProblemError('not-found', 'the engine does not know the alert any more');
  const alert = projection.alerts.find(told.id)?.alert ?? told;
  const current = { ...alertView(projection, alert) };
  if (refused === 'closed') return new ProblemError('alert-closed', 'the alert is closed', { current });
  const why = refused === 'not-active' ? 'somebody else has it' : 'it has changed since';
  return new ProblemError('alert-revision', `revision ${alert.revision} is current: ${why}`, { current });
}
