// Vigil's core through the entrance to which every record of kind `readings` comes once it is parsed: a reading in numbers,
// in the order of the log. All else comes as records, as from the host of a partition.
import { createHash } from 'node:crypto';
import { type CoreEvent, createEngine } from '../../../alerting/core/index.ts';
import { type AlertEvent, decodeInput, encodeInput, type InputRecord } from '../../../contract/index.ts';
import type { EngineSetup, RulesEngine } from './rules-engine.ts';
import { patientOf, startAt, streamOf, vitalOf, vitals } from './rules-workload.ts';

const encoder = new TextEncoder();
const beatEachMs = 10_000;

/** Readings of one instant, as the entrance takes them. */
interface Numbers {
  readonly at: number;
  readonly streams: Int32Array;
  readonly values: Float64Array;
  readonly sequences: Uint32Array;
}

export function openVigilCore({ patients, rules, said }: EngineSetup): RulesEngine<Numbers> {
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
  const indexes = Int32Array.from({ length: patients * vitals.length }, (_, i) =>
    engine.streamOf(patientOf(i), deviceOf(Math.floor(i / vitals.length)), vitalOf(i)),
  );

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
    prepare: ({ at, count, streams, values }) => ({
      at,
      streams: Int32Array.from({ length: count }, (_, i) => indexes[streams[i] as number] as number),
      values: values.slice(0, count),
      sequences: Uint32Array.from({ length: count }, (_, i) => {
        const patient = Math.floor((streams[i] as number) / vitals.length);
        sequences[patient] = (sequences[patient] as number) + 1;
        return sequences[patient] as number;
      }),
    }),
    apply: ({ at, streams, values, sequences: seqs }) => {
      for (let i = 0; i < streams.length; i++) {
        const seq = seqs[i] as number;
        engine.reading(streams[i] as number, values[i] as number, at, at, at, 1, seq, 0, out);
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
    bandBytes: () => engine.lineBytes,
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

function beatOf(patient: number, at: number): InputRecord {
  const header = { v: 1, kind: 'gateway-beat', gateway: deviceOf(patient), acceptedAt: at } as const;
  const body = { v: 1, boot: 1, beat: (at - startAt) / beatEachMs + 1 };
  return { kind: 'gateway-beat', header, body: encoder.encode(JSON.stringify(body)) };
}
