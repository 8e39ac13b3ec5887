// Records of `inputs` as ingest writes them, for tests of the store writer.
import {
  type AppendRecord,
  encodeInput,
  encodeRecord,
  type Reading,
  type StreamLog,
  senderHeader,
} from '../../../../contract/index.ts';
import { waveformRow } from '../../../contracts/time-series-store-rows.ts';

export const start = Date.UTC(2026, 2, 1);

interface Facts {
  readonly patient?: string;
  readonly device?: string;
  readonly acceptedAt?: number;
  readonly skew?: number;
  readonly clock?: 'unsure';
}

export function reading(seq: number, change: Partial<Reading> = {}): Reading {
  const takenAt = start + seq * 1_000;
  return {
    v: 1,
    boot: 1,
    seq,
    vital: 'spo2',
    value: 96,
    unit: '%',
    quality: 'good',
    takenAt,
    receivedAt: takenAt + 40,
    clock: 'synced',
    ...change,
  } as Reading;
}

export function readingsRecord(readings: readonly Reading[] | Reading, facts: Facts = {}): AppendRecord {
  return sentRecord('readings', new TextEncoder().encode(JSON.stringify(readings)), facts);
}

export function waveformRecord(seq: number, facts: Facts = {}): AppendRecord {
  return sentRecord('waveform', waveformRow({ seq }).block, facts);
}

export function sentRecord(kind: 'readings' | 'waveform', body: Uint8Array, facts: Facts = {}): AppendRecord {
  const { patient = 'p-1', device = 'd-1', acceptedAt = start + 1e8, ...rest } = facts;
  const header = { patient, device, assignment: 'as-1', sender: 'gw-1', lane: 'live', acceptedAt, ...rest } as const;
  return { key: patient, value: encodeRecord(senderHeader(kind, header), body) };
}

export function tickRecord(n: number): AppendRecord {
  const tick = { n, epoch: 1, log: start + 500 * n, mono: 500 * n, utc: start + 500 * n };
  return { key: 'system', value: encodeInput({ v: 1, kind: 'tick' }, tick), partition: 0 };
}

export function append(log: StreamLog, ...records: readonly AppendRecord[]) {
  return log.append('inputs', records, { lane: 'data' });
}
