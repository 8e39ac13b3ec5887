// What a clinician reads in a file: names of measurements, units and reasons, each beside its code or by itself.
import type { AbsentReason, Vital } from '../../contract/index.ts';

export const vitalWords: Readonly<Record<Vital, string>> = {
  glucose: 'Glucose',
  spo2: 'Oxygen saturation (SpO2)',
  pulse: 'Pulse rate',
  hr: 'Heart rate (ECG)',
  resp: 'Respiratory rate',
  temp: 'Body temperature',
  sbp: 'Systolic blood pressure',
  dbp: 'Diastolic blood pressure',
  perfusion: 'Perfusion index',
  rr: 'RR interval',
  oxygen: 'Oxygen flow',
  consciousness: 'Consciousness (ACVPU, 0 alert to 4 unresponsive)',
};

const unitWords: Readonly<Record<string, string>> = {
  'mg/dL': 'mg/dL',
  'mmol/L': 'mmol/L',
  '%': 'percent',
  '/min': 'per minute',
  Cel: 'degrees Celsius',
  '[degF]': 'degrees Fahrenheit',
  'mm[Hg]': 'mmHg',
  kPa: 'kPa',
  ms: 'milliseconds',
  'L/min': 'litres per minute',
  '{acvpu}': 'score',
};

/** In words; a unit that has none as its code. */
export function unitText(ucum: string): string {
  return unitWords[ucum] ?? ucum;
}

export const absentWords: Readonly<Record<AbsentReason, string>> = {
  'not-a-number': 'no number from the device',
  'no-contact': 'no contact',
  'lead-off': 'lead off',
  'warm-up': 'sensor warming up',
  unavailable: 'not available',
  'sensor-fault': 'sensor fault',
  invalid: 'invalid',
  'not-at-resolution': 'beyond the resolution of the device',
  'no-reading-code': 'no reading',
  demo: 'demonstration mode',
};
