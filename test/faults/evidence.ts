// What a program that has ended left behind, read by others' means than its own where there are any: the log's files, the
// store opened again, the fleet's journal and truth.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type AlertEvent,
  decodeBody,
  decodeInput,
  decodeRecord,
  elementsOf,
  readingsOf,
  VITALS,
} from '../../contract/index.ts';
import { realDisk } from '../../durable/index.ts';
import { openStore, scanTopic } from '../../ingest/index.ts';
import { type FleetConfigInput, fleetPayload, readJournal, readTruth } from '../../simulators/index.ts';
import { systemClock } from '../../simulators/system-clock.ts';
import type { Evidence, LoggedReading, StoredReading, Told } from './checker.ts';
import type { FleetIdentity } from './fleet.ts';

export interface Left {
  readonly dataFolder: string;
  readonly fleet: FleetConfigInput;
  readonly identities: readonly FleetIdentity[];
}

/** Collects all of it; `damaged` lines of the journal would prove nothing. */
export async function evidenceOf({ dataFolder, fleet, identities }: Left): Promise<Evidence & { damaged: number }> {
  const { sent, acked, damaged } = await readJournal(fleet.journalFile);
  const patients = new Map(identities.map(({ id, patient }) => [id, patient]));
  const { seed, episodes = null } = fleet;
  return {
    sent,
    acked,
    damaged,
    made: (record) => fleetPayload({ seed, episodes, ...record }),
    patientOf: (device) => patients.get(device) ?? '',
    logged: await logged(dataFolder),
    stored: await stored(dataFolder, [...patients.values()]),
    episodes: readTruth(fleet.truthFile).flatMap((line) =>
      line.what === 'episode-start' && line.limit === '<= 88 %'
        ? [{ patient: line.patient, device: line.device, ...line.first }]
        : [],
    ),
    raised: await raised(dataFolder),
  };
}

/** Every element of every readings record. */
async function logged(dataFolder: string): Promise<LoggedReading[]> {
  const found: LoggedReading[] = [];
  for await (const { value, partition, position } of scanTopic(join(dataFolder, 'log'), 'inputs', realDisk())) {
    const { kind, header, body } = decodeInput(value);
    if (kind !== 'readings') continue;
    const { patient, device } = header;
    const elements = elementsOf(body);
    for (const [i, { boot, seq }] of readingsOf(body).entries())
      found.push({ patient, device, boot, seq, partition, position, bytes: elements[i] as Uint8Array });
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
