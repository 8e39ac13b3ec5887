// What a person pressed on, frozen at the press: alert, revision and patient (console.md 1, rule 9).
import { alertText } from './alert-look.ts';
import { bedOf } from './view-state.ts';
import type { AlertView } from './wire.ts';

/** What the press was about. */
export interface Held {
  readonly id: string;
  readonly revision: number;
  /** Null: the alert is about no single patient. */
  readonly patient: string | null;
  readonly text: string;
  /** Two identifiers and the bed, as they were. */
  readonly who: { readonly bed: string; readonly name: string; readonly born: string; readonly mrn: string } | null;
  /** As it was: the sheet goes on showing it when the alert has gone. */
  readonly alert: AlertView;
  /** Others of the same cause, which stay open. */
  readonly others: number;
}

export function holdOf(alert: AlertView, others = 0): Held {
  const { id, revision, patient } = alert;
  const who = patient && { bed: bedOf(patient.bed), name: patient.name, born: patient.birthDate, mrn: patient.mrn };
  return { id, revision, patient: patient?.id ?? null, text: alertText(alert), who, alert, others };
}
