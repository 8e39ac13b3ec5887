// MQTT topic names (`interfaces.md` 3.1). Exact strings: no pattern ever matches a topic.
import type { Realm } from './scalar.ts';

export const dataKinds = ['readings', 'waveform', 'state', 'events'] as const;
export type DataKind = (typeof dataKinds)[number];

export function statusTopic(realm: Realm, sender: string): string {
  return `vigil/1/${realm}/${sender}/status`;
}

export function heartbeatTopic(realm: Realm, sender: string): string {
  return `vigil/1/${realm}/${sender}/heartbeat`;
}

/** Topic of one kind of data of one device under its sender (which may be the device itself). */
export function dataTopic(
  realm: Realm,
  sender: string,
  device: string,
  kind: DataKind,
  lane: 'live' | 'late' = 'live',
): string {
  return `vigil/1/${realm}/${sender}/${device}/${lane === 'late' ? 'late/' : ''}${kind}`;
}
