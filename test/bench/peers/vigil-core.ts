// Vigil's core through its entrance, as the host of a partition calls it: one record for each reading, in the order of the log.
// A record is what the host has after the log: a checked header, and the body as bytes, which the core reads itself.
import { createHash } from 'node:crypto';
import { type CoreEvent, createEngine } from '../../../alerting/core/index.ts';
import {
  type AlertEvent,
  decodeInput,
  encodeInput,
  type InputRecord,
  senderHeader,
  VITALS,
} from '../../../contract/index.ts';
import type { EngineSetup, RulesEngine } from './rules-engine.ts';
import { patientOf, type Second, startAt, streamOf, vitalOf, vitals } from './rules-workload.ts';

const encoder = new TextEncoder();
const beatEachMs = 10_000;

export function openVigilCore({ patients, rules, said }: EngineSetup): RulesEngine<readonly InputRecord[]> {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const engine = createEngine({ sha256, partition: 0, partitions: 1 });
  const out: CoreEvent[] = [];
  const sequences = new Uint32Array(patients);
  let position = 0;
  let ticks = 0;

  const take = (record: InputRecord) => engine.apply(record, position++, out);
  const ours = (...record: Parameters<typeof encodeInput>) => take(decodeInput(encodeInput(...record)));
  const tick = (at: number) =>
    ours({ v: 1, kind: 'tick' }, { n: ticks++, epoch: 1, log: at, mono: at - startAt + 1_000, utc: at });

  ours({ v: 1, kind: 'rules', by: 'bench', at: startAt - 1_000 }, rules);
  ours({ v: 1, kind: 'owner' }, { id: 'c-0', instance: 'bench', bootId: 'b-1', after: 0 });
  tick(startAt - 1_000);
  for (let i = 0; i < patients; i++) ours(...assignmentOf(i));
  out.length = 0;

  /** What the bench compares of what was decided; the rest of it is the core's own work too. */
  const tell = () => {
    for (const event of out) if (event.kind === 'alert') tellAlert(event.body);
    out.length = 0;
  };
  const tellAlert = ({ type, at, alert }: AlertEvent) => {
    if (type !== 'raised' && type !== 'closed') return;
    const patient = alert.patient ?? '';
    if (alert.kind === 'technical') {
      const stream = streamOf(patient, alert.scope.slice(alert.scope.lastIndexOf(':') + 1));
      said.tell(type === 'raised' ? 'silent' : 'back', stream, 0, at);
    } else {
      const [vital = '', rule = ''] = alert.family.split('-');
      said.tell(type === 'raised' ? 'raised' : 'cleared', streamOf(patient, vital), Number(rule), at);
    }
  };

  return {
    prepare: (second) => {
      const records: InputRecord[] = [];
      for (let i = 0; i < second.count; i++) records.push(readingOf(second, i, sequences));
      return records;
    },
    apply: (records) => {
      for (const record of records) {
        take(record);
        if (out.length > 0) tell();
      }
    },
    tick: (at) => {
      tick(at);
      tell();
    },
    aside: (at) => {
      if ((at - startAt) % beatEachMs !== 0) return;
      for (let i = 0; i < patients; i++) take(beatOf(i, at));
      tell();
    },
  };
}

const deviceOf = (patient: number) => `d-${String(patient).padStart(6, '0')}`;

function assignmentOf(patient: number): Parameters<typeof encodeInput> {
  const id = patientOf(patient * vitals.length);
  const device = deviceOf(patient);
  const signals = vitals.map(
    (vital) => ({ vital, mode: 'continuous', everyMs: 1_000, firstWithinMs: 120_000 }) as const,
  );
  const body = {
    id: `as-${device}`,
    revision: 1,
    patient: id,
    device,
    gateway: device,
    from: startAt - 1_000,
    to: null,
    signals,
  };
  return [{ v: 1, kind: 'assignment', patient: id, by: 'bench', at: startAt - 1_000 }, body];
}

function readingOf({ at, streams, values }: Second, i: number, sequences: Uint32Array): InputRecord {
  const stream = streams[i] as number;
  const patient = Math.floor(stream / vitals.length);
  const device = deviceOf(patient);
  sequences[patient] = (sequences[patient] as number) + 1;
  const vital = vitalOf(stream);
  const facts = {
    patient: patientOf(stream),
    device,
    assignment: `as-${device}`,
    sender: device,
    lane: 'live',
  } as const;
  const header = senderHeader('readings', { ...facts, acceptedAt: at }) as Extract<
    InputRecord,
    { kind: 'readings' }
  >['header'];
  const body = {
    ...{ v: 1, boot: 1, seq: sequences[patient], vital, value: values[i], unit: VITALS[vital].unit },
    ...{ quality: 'good', takenAt: at, receivedAt: at, clock: 'synced' },
  };
  return { kind: 'readings', header, body: encoder.encode(JSON.stringify(body)) };
}

function beatOf(patient: number, at: number): InputRecord {
  const header = { v: 1, kind: 'gateway-beat', gateway: deviceOf(patient), acceptedAt: at } as const;
  const body = { v: 1, boot: 1, beat: (at - startAt) / beatEachMs + 1 };
  return { kind: 'gateway-beat', header, body: encoder.encode(JSON.stringify(body)) };
}
