// What a person pressed on, frozen at the press: alert, revision and patient (console.md 1, rule 9).
import { alertText } from './view-state.ts';
import type { AlertView } from './wire.ts';

/** What the press was about. */
export interface Held {
  readonly id: string;
  readonly revision: number;
  /** Null: the alert is about no single patient. */
  readonly patient: string | null;
  readonly text: string;
  readonly who: string;
}

export function holdOf(alert: AlertView): Held {
  const { id, revision, patient } = alert;
  const who = patient ? `${patient.bed} ${patient.name}, ${patient.mrn}` : 'no single patient';
  return { id, revision, patient: patient?.id ?? null, text: alertText(alert), who };
}
