import { type RunningAlerting, startHosts } from '../../../alerting/alerting.ts';
import type { AlertingOptions, AlertingPorts, CreateEngine } from '../../../alerting/options.ts';
import {
  type AppendRecord,
  type Blind,
  type ClockStep,
  decodeInput,
  decodeRecord,
  encodeRecord,
  type InputRecord,
  type Owner,
  type StreamLog,
  type System,
  senderHeader,
  type Tick,
} from '../../../contract/index.ts';
import type { MemoryLog } from '../../support/memory-log.ts';
import { fakeEngine } from './fake-engine.ts';
import type { TestClock } from './test-clock.ts';

export interface TestHost {
  readonly running: RunningAlerting;
  readonly announced: string[];
  readonly failures: unknown[];
}

export interface TestHostOptions extends Partial<AlertingOptions> {
  readonly log: StreamLog;
  readonly clock: TestClock;
  readonly createEngine?: CreateEngine;
  readonly ports?: Partial<AlertingPorts>;
}

let claims = 0;

/** A host with a fake core on the log given; what it announces and fails of is kept. */
export function startTestHost({ log, clock, createEngine = fakeEngine, ports, ...options }: TestHostOptions): TestHost {
  const announced: string[] = [];
  const failures: unknown[] = [];
  const bytes = (n: number) => new Uint8Array(n).fill(++claims);
  const running = startHosts(
    { instance: 'vigil-1', bootId: 'b-1', build: '0.1.0', config: '9f2c', ...options },
    {
      log,
      clock,
      random: { next: () => 0.5, bytes },
      announce: (level, message) => void announced.push(`${level} ${message}`),
      fatal: (error) => void failures.push(error),
      busyMs: () => 0,
      ...ports,
    },
    createEngine,
  );
  return { running, announced, failures };
}

/** A record of `readings` with one SpO2 value. */
export function reading(patient: string, seq: number, acceptedAt = 1_772_331_069_000): AppendRecord {
  const header = senderHeader('readings', {
    patient,
    device: `d-${patient}`,
    assignment: `as-${patient}`,
    sender: 'gw-1',
    lane: 'live',
    acceptedAt,
  });
  const body = {
    v: 1,
    boot: 1,
    seq,
    vital: 'spo2',
    value: 86,
    unit: '%',
    quality: 'good',
    takenAt: acceptedAt,
    receivedAt: acceptedAt,
    clock: 'synced',
  };
  return { key: patient, value: encodeRecord(header, body) };
}

type Bodies = { tick: Tick; owner: Owner; blind: Blind; 'clock-step': ClockStep; system: System };

/** The bodies of one kind in `inputs`, in order. */
export function inputs<K extends keyof Bodies>(log: MemoryLog, kind: K, partition = 0): Bodies[K][] {
  return decoded(log, partition)
    .filter((input) => input.kind === kind)
    .map((input) => input.body as Bodies[K]);
}

/** The kinds in `inputs`, in order, readings aside. */
export function kinds(log: MemoryLog, partition = 0): string[] {
  return decoded(log, partition).map(({ kind }) => kind);
}

function decoded(log: MemoryLog, partition: number): InputRecord[] {
  return log.records('inputs', partition).flatMap(({ value }) => {
    try {
      return [decodeInput(value)];
    } catch {
      return [];
    }
  });
}

/** What stands in `alerts`: an alert event's id, a monitoring state's text; with the envelope. */
export function alerts(log: MemoryLog): { readonly id: string; readonly epoch: unknown; readonly input: unknown }[] {
  return log.records('alerts').map(({ value }) => {
    const { header, body } = decodeRecord(value);
    const text = new TextDecoder().decode(body);
    const { event } = JSON.parse(text) as { event?: string };
    return { id: event ?? text, epoch: header['epoch'], input: header['input'] };
  });
}
