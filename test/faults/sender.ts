// A well-behaved device, one reading at a time: what it is told is what the test looks at.
import { readFile } from 'node:fs/promises';
import { connectAsync, type MqttClient } from 'mqtt';
import { dataTopic, type Reading } from '../../contract/index.ts';

export interface SenderIdentity {
  readonly id: string;
  readonly token: string;
}

export interface SenderPlace {
  readonly port: number;
  readonly caFile: string;
}

export interface Sender extends AsyncDisposable {
  readonly client: MqttClient;
  /** Publishes an SpO2 taken now; resolves with its number when its PUBACK is here. */
  send(value: number, over?: Partial<Reading>): Promise<number>;
}

/** Connects with mqtt.js and stays connected; rejects if it is refused. */
export async function connectSender({ id, token }: SenderIdentity, { port, caFile }: SenderPlace): Promise<Sender> {
  const client = await connectAsync({
    protocol: 'mqtts',
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    ca: await readFile(caFile),
    clientId: id,
    username: id,
    password: token,
    clean: true,
    keepalive: 30,
    reconnectPeriod: 0,
  });
  let seq = 0;
  return {
    client,
    async send(value, over) {
      const reading = oximeter(++seq, value, over);
      await client.publishAsync(dataTopic('test', id, id, 'readings'), JSON.stringify(reading), { qos: 1 });
      return reading.seq;
    },
    async [Symbol.asyncDispose]() {
      await client.endAsync(true);
    },
  };
}

/** A reading as a device writes it. */
export function oximeter(seq: number, value: number, over: Partial<Reading> = {}): Reading {
  const now = Date.now();
  const facts = { v: 1, boot: 1, seq, vital: 'spo2', value, unit: '%', quality: 'good' } as const;
  return { ...facts, takenAt: now, receivedAt: now, clock: 'synced', ...over } as Reading;
}
