// Ground truth against what the system kept (`reliability.md` 4.2): pure, so that a test can show that each fault it is
// there for makes it fail.
import { hash } from 'node:crypto';
import type { AckedRecord, SentRecord } from '../../simulators/index.ts';

/** Which reading. */
export interface Identity {
  readonly device: string;
  readonly boot: number;
  readonly seq: number;
}

/** A reading in `inputs`, with the bytes at its place. */
export interface LoggedReading extends Identity {
  readonly patient: string;
  readonly partition: number;
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** A row of the store: whose it is, where it says that its bytes stand, and their hash. */
export interface StoredReading extends Identity {
  readonly patient: string;
  readonly partition: number;
  readonly position: number;
  readonly hash: bigint;
}

/** What has to be told: an episode by its first violating reading. What was told: an event by the reading that decided. */
export interface Told extends Identity {
  readonly patient: string;
}

export interface Evidence {
  readonly sent: readonly SentRecord[];
  readonly acked: readonly AckedRecord[];
  /** The bytes of a reading that was sent, made again from its seed. */
  readonly made: (sent: SentRecord) => Uint8Array;
  readonly patientOf: (device: string) => string;
  readonly logged: readonly LoggedReading[];
  readonly stored: readonly StoredReading[];
  readonly episodes: readonly Told[];
  readonly raised: readonly Told[];
}

/** Examples of each fault; all empty: the promise held. */
export interface Faults {
  /** Acknowledged, and not in the log or not in the store. */
  readonly lost: readonly string[];
  /** In the log or the store, and never sent. */
  readonly unexpected: readonly string[];
  /** Not the bytes that were sent, or another patient's. */
  readonly corrupt: readonly string[];
  /** More than once in the store. */
  readonly doubled: readonly string[];
  /** Acknowledged before one that was sent earlier on the same connection. */
  readonly disordered: readonly string[];
  readonly missed: readonly string[];
  readonly raisedTwice: readonly string[];
  /** Raised without an episode. */
  readonly extra: readonly string[];
}

export interface Verdict {
  readonly faults: Faults;
  /** How many there were of each, so that an empty run is no pass. */
  readonly counts: Readonly<Record<'sent' | 'acknowledged' | 'copies' | 'unacknowledgedButKept' | 'episodes', number>>;
}

export const noFaults: Faults = {
  lost: [],
  unexpected: [],
  corrupt: [],
  doubled: [],
  disordered: [],
  missed: [],
  raisedTwice: [],
  extra: [],
};

const keyOf = ({ device, boot, seq }: Identity) => `${device}/${boot}/${seq}`;
const toldKey = (told: Told) => `${told.patient} ${keyOf(told)}`;
const placeOf = ({ partition, position, ...identity }: LoggedReading | StoredReading) =>
  `${partition}/${position} ${keyOf(identity)}`;

/** First 64 bits of the SHA-256, signed: what the store keeps of a reading's bytes. */
export const storeHash = (bytes: Uint8Array): bigint => hash('sha256', bytes, 'buffer').readBigInt64BE(0);

/** Compares all with all. */
export function check(evidence: Evidence): Verdict {
  const { sent, acked, logged, stored, episodes, raised } = evidence;
  const made = new Map(sent.map((record) => [keyOf(record), evidence.made(record)]));
  const inLog = new Set(logged.map(keyOf));
  const inStore = new Set(stored.map(keyOf));
  const acknowledged = new Set(acked.map(keyOf));
  const places = new Map(logged.map((reading) => [placeOf(reading), reading.bytes]));
  const isRight = (reading: LoggedReading | StoredReading, bytes: Uint8Array | undefined) => {
    const wanted = made.get(keyOf(reading));
    return (
      reading.patient === evidence.patientOf(reading.device) &&
      wanted !== undefined &&
      bytes !== undefined &&
      Buffer.compare(wanted, bytes) === 0
    );
  };
  const isStoredRight = (row: StoredReading) => {
    const bytes = places.get(placeOf(row));
    return isRight(row, bytes) && row.hash === storeHash(made.get(keyOf(row)) ?? new Uint8Array());
  };
  const wanted = new Set(episodes.map(toldKey));
  const told = new Set(raised.map(toldKey));
  return {
    faults: {
      lost: [...acknowledged].filter((key) => !inLog.has(key) || !inStore.has(key)),
      unexpected: [...inLog, ...inStore].filter((key) => !made.has(key)),
      corrupt: [
        ...logged.filter((reading) => made.has(keyOf(reading)) && !isRight(reading, reading.bytes)).map(placeOf),
        ...stored.filter((row) => made.has(keyOf(row)) && !isStoredRight(row)).map(placeOf),
      ],
      doubled: twice(stored.map(keyOf)),
      disordered: disordered(acked),
      missed: [...wanted].filter((key) => !told.has(key)),
      raisedTwice: twice(raised.map(toldKey)),
      extra: [...told].filter((key) => !wanted.has(key)),
    },
    counts: {
      sent: sent.length,
      acknowledged: acknowledged.size,
      copies: logged.length - inLog.size,
      unacknowledgedButKept: [...inLog].filter((key) => !acknowledged.has(key)).length,
      episodes: wanted.size,
    },
  };
}

function twice(keys: readonly string[]): string[] {
  const seen = new Set<string>();
  return keys.filter((key) => seen.size === seen.add(key).size);
}

/** A device sends in the order of `seq` on each connection; so have its PUBACKs to come. */
function disordered(acked: readonly AckedRecord[]): string[] {
  const byConnection = Map.groupBy(acked, ({ device, boot, connection }) => `${device}/${boot} on ${connection}`);
  return [...byConnection].flatMap(([connection, records]) => {
    const inOrder = records.toSorted((a, b) => a.order - b.order);
    return inOrder.filter(({ seq }, i) => seq < (inOrder[i - 1]?.seq ?? 0)).map(({ seq }) => `${connection}: ${seq}`);
  });
}
