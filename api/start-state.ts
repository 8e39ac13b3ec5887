// What has to stand in the log before anybody can be served: rules, the first user, writes made whole. Class C. Each part is
// safe to repeat: a start that was broken off is finished by the next.
import {
  type AppendRecord,
  decodeRecord,
  encodeInput,
  encodeRecord,
  type LogRecord,
  type Position,
  type RuleSet,
  registryKey,
  type StreamLog,
  type TopicName,
  type User,
} from '../contract/index.ts';
import type { Projection } from './projection.ts';

const control = { lane: 'control' } as const;
const by = 'vigil';

/** Every record of one partition of a small topic, up to its durable end now; gives that end. */
export async function readAll(
  log: StreamLog,
  topic: TopicName,
  take: (record: LogRecord) => void,
): Promise<{ readonly low: Position; readonly high: Position }> {
  const { low, high } = await log.bounds(topic, 0);
  if (low === high) return { low, high };
  for await (const { records, next } of log.read(topic, 0, low, { signal: new AbortController().signal })) {
    for (const record of records) if (record.position < high) take(record);
    if (next >= high) break;
  }
  return { low, high };
}

/** The value of each key of `sessions` that names a write on its way, without those that were buried. */
export async function pendingWrites(log: StreamLog): Promise<ReadonlyMap<string, Uint8Array>> {
  const writes = new Map<string, Uint8Array>();
  await readAll(log, 'sessions', ({ key, value }) => {
    if (!key.startsWith('write/')) return;
    if (value.length === 0) writes.delete(key);
    else if (decodeRecord(value).header.kind === 'write') writes.set(key, value);
  });
  return writes;
}

/** Puts the rule set in force if `registry` holds none or another: every partition of `inputs` first, then `registry`. */
export async function installRules(
  rules: RuleSet,
  log: StreamLog,
  projection: Projection,
  at: number,
): Promise<boolean> {
  const known = projection.registry.get('rules', rules.id);
  const others = projection.registry.all('rules').filter(({ body }) => body.id !== rules.id);
  const isNewest = others.every((other) => other.at <= (known?.at ?? -1));
  if (known && isNewest && JSON.stringify(known.body) === JSON.stringify(rules)) return false;
  const value = encodeInput({ v: 1, kind: 'rules', by, at }, rules);
  const partitions = Array.from({ length: log.partitions('inputs') }, (_, partition) => partition);
  await log.append(
    'inputs',
    partitions.map((partition) => ({ key: 'system', partition, value })),
    control,
  );
  await log.append('registry', [registryRecord('rules', rules, (known?.revision ?? 0) + 1, at)], control);
  return true;
}

/** The user of a test realm, who may do everything there is in this version. */
export const demoUser: User = {
  id: 'demo',
  name: 'Demo',
  roles: ['clinician', 'lead', 'technician', 'administrator'],
};

export async function ensureDemoUser(log: StreamLog, projection: Projection, at: number): Promise<boolean> {
  if (projection.registry.get('user', demoUser.id)) return false;
  await log.append('registry', [registryRecord('user', demoUser, 1, at)], control);
  return true;
}

function registryRecord(kind: 'rules' | 'user', body: RuleSet | User, revision: number, at: number): AppendRecord {
  const header = { v: 1, kind, id: body.id, revision, by, at };
  return { key: registryKey(kind, body.id), value: encodeRecord(header, body) };
}
