// What the tests of the border share: a device, who wears it, and readings as a sender writes them.
import { createHash } from 'node:crypto';
import {
  type Assignment,
  type Device,
  encodeRecord,
  type Heartbeat,
  type RegistryKind,
  registryKey,
  type StreamLog,
} from '../../../contract/index.ts';

export const now = Date.UTC(2026, 2, 1, 2, 11, 9);

export function assignment(over: Partial<Assignment> = {}): Assignment {
  return {
    id: 'as-1',
    revision: 1,
    patient: 'p-1',
    device: 'd-1',
    gateway: 'd-1',
    from: now - 86_400_000,
    to: null,
    signals: [],
    ...over,
  };
}

export const token = 'a token of more than 128 bit';

export function device(id: string, over: Partial<Device> = {}): Device {
  return {
    id,
    name: id,
    model: 'm',
    serial: 's',
    kind: 'device',
    sequence: 'required',
    signals: [],
    tokenSha256: createHash('sha256').update(token).digest('hex'),
    revoked: false,
    ...over,
  };
}

export const reading = (over: Record<string, unknown> = {}): Record<string, unknown> => ({
  v: 1,
  boot: 12,
  seq: 1,
  vital: 'spo2',
  value: 96,
  unit: '%',
  quality: 'good',
  takenAt: now - 100,
  receivedAt: now - 50,
  clock: 'synced',
  ...over,
});

export function beat(over: Partial<Heartbeat> = {}): Heartbeat {
  return {
    v: 1,
    boot: 12,
    beat: 1,
    at: now,
    nextBy: now + 11_000,
    config: '9f2c',
    previous: null,
    devices: [],
    spool: { records: 0, bytes: 0, oldestAt: null, thinned: 0, freeBytes: null },
    clock: { state: 'synced', offsetMs: 0, errorMs: 10 },
    ...over,
  };
}

const encoder = new TextEncoder();

export const bytesOf = (value: unknown): Uint8Array =>
  encoder.encode(typeof value === 'string' ? value : JSON.stringify(value));

export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** A reading without some of its keys. */
export function without(value: Record<string, unknown>, ...keys: string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));
}

/** Puts an object into `registry`. */
export async function register(
  log: StreamLog,
  kind: RegistryKind,
  body: { readonly id: string },
  revision = 1,
): Promise<void> {
  const header = { v: 1, kind, id: body.id, revision, by: 'u-1', at: now };
  await log.append('registry', [{ key: registryKey(kind, body.id), value: encodeRecord(header, body) }], {
    lane: 'control',
  });
}
