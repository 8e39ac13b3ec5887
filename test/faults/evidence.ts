// What a program that has ended left behind, read by others' means than its own where there are any: the log's files, the
// store opened again, the fleet's journal and truth.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type AlertEvent,
  decodeBody,
  decodeInput,
  decodeRecord,
  effectiveTime,
  elementsOf,
  readingsOf,
  VITALS,
} from '../../contract/index.ts';
import { realDisk } from '../../durable/index.ts';
import { openStore, scanTopic } from '../../ingest/index.ts';
import { type FleetConfigInput, fleetPayload, isLow, readJournal, readTruth } from '../../simulators/index.ts';
import { systemClock } from '../../simulators/system-clock.ts';
import type { Evidence, LoggedReading, StoredReading, Told } from './checker.ts';
import type { FleetIdentity } from './fleet.ts';

export interface Left {
  readonly dataFolder: string;
  readonly fleet: FleetConfigInput;
  readonly identities: readonly FleetIdentity[];
}

export interface GatheredEvidence extends Evidence {
  readonly damaged: number;
  /** Episodes that the fleet made. */
  readonly planned: number;
}

/** Collects all of it; `damaged` lines of the journal would prove nothing. */
export async function evidenceOf({ dataFolder, fleet, identities }: Left): Promise<GatheredEvidence> {
  const { sent, acked, damaged } = await readJournal(fleet.journalFile);
  const patients = new Map(identities.map(({ id, patient }) => [id, patient]));
  const { seed, episodes = null } = fleet;
  const inLog = await logged(dataFolder);
  return {
    sent,
    acked,
    damaged,
    made: (record) => fleetPayload({ seed, episodes, ...record }),
    patientOf: (device) => patients.get(device) ?? '',
    logged: inLog,
    stored: await stored(dataFolder, [...patients.values()]),
    planned: readTruth(fleet.truthFile).filter((line) => line.what === 'episode-start' && line.limit === '<= 88 %')
      .length,
    episodes: due(inLog, (reading) => isLow({ seed, episodes, ...reading })),
    raised: await raised(dataFolder),
  };
}

/** A reading in the log, and how old it was when it was accepted. */
interface Arrival extends LoggedReading {
  readonly effectiveAt: number;
  readonly ageMs: number;
}

/**
 * What has to be told, from the plan and the arrivals alone: the first low reading of each run. A reading that was no longer
 * fresh when it came is history and decides nothing, so after an outage longer than that a run may begin later or be none.
 */
function due(arrivals: readonly Arrival[], isLowReading: (reading: Arrival) => boolean): Told[] {
  const open = new Map<string, boolean>();
  const newest = new Map<string, number>();
  return arrivals.filter((reading) => {
    const { device, effectiveAt, ageMs } = reading;
    if (effectiveAt <= (newest.get(device) ?? 0)) return false;
    newest.set(device, effectiveAt);
    if (ageMs > VITALS.spo2.freshForMs) return false;
    const wasOpen = open.get(device) ?? false;
    const isOpen = isLowReading(reading);
    open.set(device, isOpen);
    return isOpen && !wasOpen;
  });
}

/** Every element of every readings record, in the log's order. */
async function logged(dataFolder: string): Promise<Arrival[]> {
  const found: Arrival[] = [];
  for await (const { value, partition, position } of scanTopic(join(dataFolder, 'log'), 'inputs', realDisk())) {
    const { kind, header, body } = decodeInput(value);
    if (kind !== 'readings') continue;
    const { patient, device, acceptedAt } = header;
    const elements = elementsOf(body);
    for (const [i, reading] of readingsOf(body).entries()) {
      const { boot, seq } = reading;
      const bytes = elements[i] as Uint8Array;
      const effectiveAt = effectiveTime({ ...header, takenAt: reading.takenAt });
      const ageMs = Math.max(0, acceptedAt - effectiveAt);
      found.push({ patient, device, boot, seq, partition, position, bytes, effectiveAt, ageMs });
    }
  }
  return found;
}

/** All rows. */
async function stored(dataFolder: string, patients: readonly string[]): Promise<StoredReading[]> {
  const found: StoredReading[] = [];
  const ports = { clock: systemClock, announce: () => {} };
  const realm = JSON.parse(await readFile(join(dataFolder, 'realm'), 'utf8')) as { installation: string };
  await using store = await openStore(
    { driver: 'duckdb', file: join(dataFolder, 'store', 'vigil.duckdb'), partitions: 1, ...realm },
    ports,
  );
  for (const patient of patients) {
    const query = { patient, vital: VITALS.spo2.code, from: 0, to: Date.now() + 3_600_000, limit: 100_000 };
    for (const { device, boot, seq, partition, position, hash } of await store.range(query))
      found.push({ patient, device, boot, seq, partition, position, hash });
  }
  const { numerics } = await store.count();
  if (numerics !== found.length) throw new Error(`the store holds ${numerics} rows, ${found.length} were read`);
  return found;
}

/** Raised physiological alerts by the reading that decided. */
async function raised(dataFolder: string): Promise<Told[]> {
  const found: Told[] = [];
  for await (const { value } of scanTopic(join(dataFolder, 'log'), 'alerts', realDisk())) {
    const { header, body } = decodeRecord(value);
    if (header.kind !== 'alert') continue;
    const { type, alert } = decodeBody(body) as AlertEvent;
    if (type !== 'raised' || alert.kind !== 'physiological' || alert.patient === null) continue;
    const { device = '', boot = 0, seq = 0 } = alert.rules[0]?.reading ?? {};
    found.push({ patient: alert.patient, device, boot, seq });
  }
  return found;
}
