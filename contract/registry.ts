// What stands in `registry`: the last version of each object that people administer. Key = `<kind>/<id>`.
import { z } from 'zod';
import { Assignment } from './assignment.ts';
import { Device } from './device.ts';
import { Patient } from './patient.ts';
import { RuleSet } from './rule.ts';
import { EpochMs, Id } from './scalar.ts';

export const roles = ['clinician', 'lead', 'technician', 'administrator', 'auditor'] as const;
export const UserRole = z.enum(roles);
export type UserRole = z.infer<typeof UserRole>;

/** A person who may sign in. */
export const User = z.strictObject({ id: Id, name: z.string().min(1).max(120), roles: z.array(UserRole).min(1) });
export type User = z.infer<typeof User>;

const schemas = { patient: Patient, device: Device, assignment: Assignment, user: User, rules: RuleSet } as const;
export type RegistryKind = keyof typeof schemas;
export const registryBodies = schemas;

export const RegistryHeader = z.strictObject({
  v: z.literal(1),
  kind: z.enum(['patient', 'device', 'assignment', 'user', 'rules']),
  id: Id,
  revision: z.int().min(1),
  by: Id,
  at: EpochMs,
});
export type RegistryHeader = z.infer<typeof RegistryHeader>;

/** Log key of a registry object. */
export function registryKey(kind: RegistryKind, id: string): string {
  return `${kind}/${id}`;
}
