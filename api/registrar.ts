// Writes of people: `inputs` first, `registry` second (`records.md` 7). Class C. Invariants: writes go one after another, so
// each is checked against what the one before left; what the engine has to know stands in `inputs` before `registry` names
// it; a process that died between the two steps is made good at the next start. On failure: the caller is told that the log
// is down, and the write may stand all the same, which a repeated call finds.
import {
  type AppendRecord,
  type Assignment,
  type Clock,
  decodeBody,
  decodeRecord,
  encodeInput,
  encodeRecord,
  type InputBodies,
  type LogRecord,
  PendingWrite,
  type Position,
  partitionOf,
  RegistryHeader,
  type RegistryKind,
  registryBodies,
  registryKey,
  type StreamLog,
} from '../contract/index.ts';
import { openDeadline } from './deadline.ts';
import { visibleWithinMs } from './limits.ts';
import type { Projection } from './projection.ts';
import type { RegistryObjects } from './registry-view.ts';

/** Who writes, and when. */
export interface Author {
  readonly by: string;
  readonly at: number;
}

type RegistryObject = {
  [K in RegistryKind]: { readonly kind: K; readonly revision: number; readonly body: RegistryObjects[K] };
}[RegistryKind];

export class Registrar {
  readonly #clock: Clock;
  readonly #log: StreamLog;
  readonly #projection: Projection;
  #last: Promise<unknown> = Promise.resolve();

  constructor(log: StreamLog, projection: Projection, clock: Clock) {
    this.#clock = clock;
    this.#log = log;
    this.#projection = projection;
  }

  /** Runs one write after the one before has ended, whatever became of it. */
  alone<T>(write: () => Promise<T>): Promise<T> {
    const run = this.#last.then(write, write);
    this.#last = run.catch(() => {});
    return run;
  }

  /** Objects that only `registry` holds. */
  async put(objects: readonly RegistryObject[], author: Author): Promise<void> {
    const records = objects.map((object) => registryRecord(object, author));
    await this.#toRegistry(records);
  }

  /** An assignment, new or changed: armed in the engine, then known to ingest. */
  async assign(assignment: Assignment, author: Author): Promise<void> {
    const { id, revision, patient } = assignment;
    const objects = [registryObject({ kind: 'assignment', revision, body: assignment }, author)];
    await this.#twoSteps(
      patient,
      { kind: 'assignment', id, revision },
      this.#assignmentRecords(assignment, author),
      objects,
    );
  }

  /** A patient leaves: the discharge, then the ends of what was worn, which gateways have to know of too. */
  async discharge(
    patient: { readonly revision: number; readonly body: RegistryObjects['patient'] },
    ended: readonly Assignment[],
    discharge: InputBodies['discharge'],
    author: Author,
  ): Promise<void> {
    const { id } = patient.body;
    const header = { v: 1 as const, kind: 'discharge' as const, patient: id, ...author };
    const records = [
      { key: id, value: encodeInput(header, discharge) },
      ...ended.flatMap((assignment) => this.#assignmentRecords(assignment, author)),
    ];
    const objects = [
      ...ended.map((body) => registryObject({ kind: 'assignment', revision: body.revision, body }, author)),
      registryObject({ kind: 'patient', ...patient }, author),
    ];
    const { revision } = discharge;
    await this.#twoSteps(id, { kind: 'discharge', id, revision }, records, objects);
  }

  async #twoSteps(
    patient: string,
    what: Pick<PendingWrite['first'], 'kind' | 'id' | 'revision'>,
    inputs: readonly AppendRecord[],
    objects: PendingWrite['objects'],
  ): Promise<void> {
    const partition = partitionOf(patient, this.#log.partitions('inputs'));
    const { high: from } = await this.#log.bounds('inputs', partition);
    const write: PendingWrite = { first: { partition, from, ...what }, objects };
    const key = `write/${what.kind}-${what.id}-${what.revision}`;
    const at = objects[0]?.header.at ?? 0;
    await this.#log.append('sessions', [{ key, value: encodeRecord({ v: 1, kind: 'write', at }, write) }], control);
    await this.#log.append('inputs', inputs, control);
    await this.#toRegistry(objects.map(encoded));
    await this.#log.append('sessions', [{ key, value: new Uint8Array() }], control);
  }

  /** A gateway is judged in the partition of its own key, which may be another than that of its patient. */
  #assignmentRecords(assignment: Assignment, { by, at }: Author): AppendRecord[] {
    const { patient, gateway } = assignment;
    const value = encodeInput({ v: 1, kind: 'assignment', patient, by, at }, assignment);
    const count = this.#log.partitions('inputs');
    const isElsewhere = partitionOf(gateway, count) !== partitionOf(patient, count);
    return [{ key: patient, value }, ...(isElsewhere ? [{ key: gateway, value }] : [])];
  }

  /** Appends, and waits until the projection has it. */
  async #toRegistry(records: readonly AppendRecord[]): Promise<void> {
    const positions = await this.#log.append('registry', records, control);
    const end = Math.max(...positions) + 1;
    using limit = openDeadline(this.#clock, visibleWithinMs);
    // It stands in the log; who reads before it is here sees what was before.
    await this.#projection.until(() => this.#projection.has('registry', 0, end), limit.signal).catch(() => {});
  }
}

const control = { lane: 'control' } as const;

function registryHeader({ kind, revision, body }: RegistryObject, { by, at }: Author): RegistryHeader {
  return RegistryHeader.parse({ v: 1, kind, id: body.id, revision, by, at });
}

function registryObject(
  object: Extract<RegistryObject, { kind: 'assignment' | 'patient' }>,
  author: Author,
): PendingWrite['objects'][number] {
  return { header: registryHeader(object, author), body: object.body } as PendingWrite['objects'][number];
}

function registryRecord(object: RegistryObject, author: Author): AppendRecord {
  const body = registryBodies[object.kind].parse(object.body);
  return encoded({ header: registryHeader(object, author), body });
}

function encoded({ header, body }: { readonly header: RegistryHeader; readonly body: object }): AppendRecord {
  return { key: registryKey(header.kind, header.id), value: encodeRecord(header, body) };
}

/**
 * Makes good what a process left that died on the way: where the first step stands in `inputs`, the second is repeated;
 * where it does not, the write never was. `writes` are the records of `sessions` whose key begins with `write/`.
 */
export async function repairWrites(writes: ReadonlyMap<string, Uint8Array>, log: StreamLog): Promise<number> {
  let repaired = 0;
  for (const [key, value] of writes) {
    const { first, objects } = PendingWrite.parse(decodeBody(decodeRecord(value).body));
    if (await stands(first, log)) {
      await log.append('registry', objects.map(encoded), control);
      repaired++;
    }
    await log.append('sessions', [{ key, value: new Uint8Array() }], control);
  }
  return repaired;
}

/** Looks for the record of the first step in what was appended since the write began. */
async function stands(first: PendingWrite['first'], log: StreamLog): Promise<boolean> {
  const { low, high } = await log.bounds('inputs', first.partition);
  const from: Position = Math.max(low, first.from);
  if (from >= high) return false;
  for await (const batch of log.read('inputs', first.partition, from, { signal: new AbortController().signal })) {
    if (batch.records.some((record) => isThat(record, first))) return true;
    if (batch.next >= high) return false;
  }
  return false;
}

function isThat({ value }: LogRecord, { kind, id, revision }: PendingWrite['first']): boolean {
  try {
    const { header, body } = decodeRecord(value);
    if (header.kind !== kind) return false;
    const named = decodeBody(body) as { readonly id?: unknown; readonly revision?: unknown };
    return named.id === id && named.revision === revision;
  } catch {
    return false;
  }
}
