// `vigil replay --speed max`: a recording through a system of its own under virtual time (`records.md` 11), and what a log
// tells of a replay. Invariants: what is played depends on recording, seed and options alone; time stands while a message is
// taken. On failure: what the system throws ends the replay; nothing is kept but in the folder that was asked for.
import { join, resolve } from 'node:path';
import { type AlertEvent, decodeBody, decodeRecord, type Monitoring } from './contract/index.ts';
import { realDisk } from './durable/index.ts';
import { scanTopic } from './ingest/index.ts';
import {
  counted,
  nothingSent,
  scriptOf,
  signalsOf,
  type ToldOutcome,
  type VirtualPlayed,
  type VirtualReplay,
} from './simulators/index.ts';
import type { Told, VirtualSystem } from './virtual/index.ts';

/** Boot of a device that nobody ever saw before. */
const firstBoot = 1;

/** Plays it as fast as it goes; the signal breaks it off, and what was played until then is told. */
export async function playVirtually(
  replay: VirtualReplay,
  onProgress: (atMs: number) => void,
  signal: AbortSignal,
): Promise<VirtualPlayed> {
  const { recording, seed, keep } = replay;
  const folder = keep === undefined ? {} : { folder: resolve(keep) };
  // Loaded when it is wanted: it is the whole system.
  const { openVirtualSystem } = await import('./virtual/index.ts');
  await using system = await openVirtualSystem({ startAt: recording.startsAt, seed, ...folder });
  return await playInto(system, replay, onProgress, signal);
}

/** Plays it into a virtual system that stands at the recording's first instant. */
export async function playInto(
  system: VirtualSystem,
  { recording, identity, devices, rounds, tailMs, durationMs }: VirtualReplay,
  onProgress: (atMs: number) => void = () => {},
  signal?: AbortSignal,
): Promise<VirtualPlayed> {
  const startAt = recording.startsAt;
  const patient = identity.name;
  await system.admit({ id: patient, mrn: identity.mrn });
  for (const device of devices) {
    await system.register({ id: device.name, signals: signalsOf(device) });
    await system.bind({ patient, device: device.name });
  }
  const wholeMs = (rounds - 1) * recording.periodMs + recording.lengthMs;
  const endMs = Math.min(durationMs ?? Number.POSITIVE_INFINITY, wholeMs);
  const refused: Record<string, number> = {};
  let sent = nothingSent;
  const boots = devices.map(() => firstBoot);
  for await (const { dueMs, device, message } of scriptOf({ recording, devices, boots, rounds, startAt })) {
    if (dueMs > endMs || signal?.aborted) break;
    await system.advance(startAt + dueMs);
    const outcome = await system.publish(devices[device]?.name as string, message.kind, message.bytes);
    sent = counted(sent, message);
    for (const reason of outcome.refused) refused[reason] = (refused[reason] ?? 0) + 1;
    onProgress(dueMs);
  }
  const interrupted = signal?.aborted === true;
  if (!interrupted) await system.advance(startAt + endMs + tailMs);
  const playedMs = interrupted ? system.now() - startAt : endMs;
  for (const device of devices) await system.unbind(device.name);
  return {
    startedAt: startAt,
    playedMs,
    patient,
    devices: devices.map(({ name }) => ({ name, id: name, boot: firstBoot })),
    sent,
    acknowledged: sent.messages,
    unacknowledged: 0,
    interrupted,
    refused,
    told: outcomeOf(await system.told(), patient),
  };
}

function outcomeOf(told: readonly Told[], patient: string): ToldOutcome {
  return {
    alerts: told.flatMap((one) => (one.kind === 'alert' && concerns(one.event, patient) ? [one.event] : [])),
    monitoring: told.flatMap((one) =>
      one.kind === 'monitoring' && one.change.patient === patient ? [one.change] : [],
    ),
  };
}

/** Alerts of the patient, and those of nobody in particular, such as a lost gateway. */
function concerns({ alert }: AlertEvent, patient: string): boolean {
  return alert.patient === null || alert.patient === patient;
}

/** A running system's alerts, read from the files of its log as `vigil log cat` does. */
export async function toldBy(dataFolder: string, patient: string, since: number): Promise<ToldOutcome> {
  const alerts: AlertEvent[] = [];
  const monitoring: Monitoring[] = [];
  for await (const { value } of scanTopic(join(dataFolder, 'log'), 'alerts', realDisk())) {
    const { header, body } = decodeRecord(value);
    const told = decodeBody(body) as AlertEvent | Monitoring;
    if (told.at < since) continue;
    if (header.kind === 'alert' && (told as AlertEvent).alert.patient === patient) alerts.push(told as AlertEvent);
    if (header.kind === 'monitoring' && (told as Monitoring).patient === patient) monitoring.push(told as Monitoring);
  }
  return { alerts, monitoring };
}
