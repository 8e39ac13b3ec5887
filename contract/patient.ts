import { z } from 'zod';
import { Id } from './scalar.ts';

/** A patient as it stands in `registry`, the only topic that knows names. */
export const Patient = z.strictObject({
  id: Id,
  mrn: z.string().min(1).max(32),
  name: z.string().min(1).max(120),
  birthDate: z.iso.date(),
  unit: Id,
  bed: z.string().max(32),
  /** IANA time zone of the patient's home. */
  zone: z.string().min(1).max(64),
  highRisk: z.boolean(),
  state: z.enum(['admitted', 'discharged']),
});
export type Patient = z.infer<typeof Patient>;
