// Who may publish what (BRK-AUTH). Pure. Class C. A topic is allowed only if it is, as a whole string, one of the exact set
// of this sender: its status, its heartbeat, and eight topics for itself and for each device bound through it. Nothing is
// normalised and no pattern is matched, so a look-alike is simply another string.
import {
  type DataKind,
  dataKinds,
  dataTopic,
  heartbeatTopic,
  Id,
  type Realm,
  statusTopic,
} from '../../contract/index.ts';

export type Permit =
  | { readonly kind: 'status' | 'heartbeat' }
  | { readonly kind: 'data'; readonly data: DataKind; readonly lane: 'live' | 'late'; readonly device: string }
  /** A device under the sender's own name that is not bound through it: authentic, never acceptable. */
  | { readonly kind: 'unbound'; readonly data: DataKind; readonly device: string }
  | { readonly kind: 'forbidden' };

const forbidden: Permit = { kind: 'forbidden' };

/** What a topic is to a sender. */
export function permit(
  topic: string,
  sender: { readonly realm: Realm; readonly id: string },
  isBound: (device: string) => boolean,
): Permit {
  const { realm, id } = sender;
  if (topic === statusTopic(realm, id)) return { kind: 'status' };
  if (topic === heartbeatTopic(realm, id)) return { kind: 'heartbeat' };
  const named = nameOf(topic);
  if (!named) return forbidden;
  const { device, data, lane } = named;
  // The parts were cut out by position; only the whole string decides.
  if (topic !== dataTopic(realm, id, device, data, lane)) return forbidden;
  if (device !== id && !isBound(device)) return { kind: 'unbound', data, device };
  return { kind: 'data', data, lane, device };
}

/** The parts that a data topic would have. */
function nameOf(topic: string): { device: string; data: DataKind; lane: 'live' | 'late' } | undefined {
  const levels = topic.split('/', 8);
  const [, , , , device = '', ...rest] = levels;
  const data = dataKinds.find((kind) => kind === rest.at(-1));
  if (!data || !Id.safeParse(device).success) return undefined;
  return { device, data, lane: rest.length === 2 ? 'late' : 'live' };
}
