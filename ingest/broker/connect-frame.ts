// The first bytes of a CONNECT, as far as the gate has to answer them itself: Aedes gives a level that it does not know, and
// a keepalive that it does not want, no answer or one that MQTT 3.1.1 does not have. Pure.
import { Id } from '../../contract/index.ts';
import { keepaliveSecondsMax } from '../limits.ts';

/** CONNACK codes of MQTT 3.1.1, 3.2.2.3. */
export const CONNACK = { accepted: 0, level: 1, identifier: 2, unavailable: 3, notAuthorized: 5 } as const;

/** What becomes of a CONNECT: it may pass, is answered with a code and closed, or is closed without an answer. */
export type ConnectVerdict = 'pass' | 'malformed' | typeof CONNACK.level | typeof CONNACK.identifier;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const level311 = 4;

/** Judges the body of a CONNECT: what follows its fixed header. */
export function judgeConnect(body: Uint8Array): ConnectVerdict {
  const name = stringAt(body, 0);
  if (name?.text !== 'MQTT' && name?.text !== 'MQIsdp') return 'malformed';
  const level = body[name.end];
  if (level === undefined) return 'malformed';
  if (name.text !== 'MQTT' || level !== level311) return CONNACK.level;
  // Level 1, flags 1, keepalive 2.
  if (body.length < name.end + 4) return 'malformed';
  const keepalive = ((body[name.end + 2] as number) << 8) | (body[name.end + 3] as number);
  const id = stringAt(body, name.end + 4);
  if (!id) return 'malformed';
  if (!Id.safeParse(id.text).success || keepalive === 0 || keepalive > keepaliveSecondsMax) return CONNACK.identifier;
  return 'pass';
}

function stringAt(bytes: Uint8Array, at: number): { readonly text: string; readonly end: number } | undefined {
  const high = bytes[at];
  const low = bytes[at + 1];
  if (high === undefined || low === undefined) return undefined;
  const end = at + 2 + ((high << 8) | low);
  if (end > bytes.length) return undefined;
  try {
    return { text: decoder.decode(bytes.subarray(at + 2, end)), end };
  } catch {
    return undefined;
  }
}
