// What senders say, turned into what it means for their patient: which messages are copies, which are late, which are
// usable. A copy changes nothing; a late one is history; a message without a value renews nothing (ALR-EPISODE, ALR-QUALITY).
import {
  ageAtArrivalMs,
  DeviceState,
  decodeBody,
  decodeWaveform,
  effectiveTime,
  type InputRecord,
  isClockUnsure,
  type Reading,
  readingsOf,
  type WaveformBlock,
} from '../../contract/index.ts';
import type { Context } from './context.ts';
import type { Device } from './device.ts';
import { stateFreshForMs } from './limits.ts';
import type { Change, Stream } from './stream.ts';
import type { BadCause, Fault, Heard, HeardQuality } from './watch.ts';

export type SenderKind = 'readings' | 'waveform' | 'device-state' | 'device-event' | 'refusal';
export type SenderRecord = Extract<InputRecord, { kind: SenderKind }>;
type RecordOf<K extends SenderKind> = Extract<SenderRecord, { kind: K }>;

/** The patient, as far as messages of devices concern it. */
export interface Wearer {
  readonly context: Context;
  device(id: string): Device;
  /** False for an assignment that is over. */
  isCurrent(assignment: string): boolean;
  /** The stream of a vital that no assignment arms: judged by the rules, missed by nobody. */
  unarmed(device: Device, reading: Reading): Stream;
  usable(stream: Stream, heard: Heard, quality: HeardQuality): void;
  unusable(stream: Stream, cause: BadCause, at: number): void;
  judged(stream: Stream, changes: readonly Change[], at: number, acceptedAt: number): void;
  reported(stream: Stream, cause: Fault['cause'] | null, at: number): void;
}

const invalidSample = -32768;

/** Takes a record; throws for one that cannot be read or evaluated. */
export function intake(wearer: Wearer, record: SenderRecord): void {
  switch (record.kind) {
    case 'readings':
      readings(wearer, record);
      return;
    case 'waveform':
      waveform(wearer, record);
      return;
    case 'device-state':
      deviceState(wearer, record);
      return;
    case 'device-event':
      deviceEvent(wearer, record);
      return;
    case 'refusal':
      refusal(wearer, record);
      return;
  }
}

/** Each reading is judged alone: one that fails takes none of the others with it. */
function readings(wearer: Wearer, { header, body }: RecordOf<'readings'>): void {
  const failures: unknown[] = [];
  for (const each of readingsOf(body)) {
    try {
      reading(wearer, header, each);
    } catch (failure) {
      failures.push(failure);
    }
  }
  if (failures.length > 0) throw failures[0];
}

function reading(wearer: Wearer, header: RecordOf<'readings'>['header'], each: Reading): void {
  const device = wearer.device(header.device);
  const { boot, seq } = each;
  if (!isNews(wearer, device.isNew(boot, seq), header.assignment)) return;
  const stream = device.streams.get(each.vital) ?? wearer.unarmed(device, each);
  const timed = { takenAt: each.takenAt, acceptedAt: header.acceptedAt, skew: header.skew };
  const at = effectiveTime(timed);
  const ageMs = ageAtArrivalMs(timed);
  if (!isLive(wearer, stream, at, ageMs)) return;
  if (each.quality === 'bad' || 'absent' in each) {
    wearer.unusable(stream, badCause(each), at);
    return;
  }
  const changes = stream.judge(each, at, header.acceptedAt);
  wearer.usable(
    stream,
    { log: wearer.context.clock.log, acceptedAt: header.acceptedAt, ageMs, at, boot, seq },
    {
      good: each.quality === 'good',
      unsure: header.clock === 'unsure' || each.clock === 'unsure' || isClockUnsure(timed),
      unsequenced: boot === 0,
    },
  );
  if (stream.isBusy || changes.length > 0) wearer.judged(stream, changes, at, header.acceptedAt);
}

/** Neither a copy nor of an assignment that is over. */
function isNews(wearer: Wearer, isNew: boolean, assignment: string): boolean {
  if (!isNew) wearer.context.count('copies');
  else if (!wearer.isCurrent(assignment)) wearer.context.count('after-assignment');
  else return true;
  return false;
}

/** In order and young enough to speak for now; notes it as the newest. */
function isLive({ context }: Wearer, stream: Stream, at: number, ageMs: number): boolean {
  if (at <= stream.newestAt || ageMs > stream.freshForMs) {
    context.count('late');
    return false;
  }
  stream.newestAt = at;
  return true;
}

function waveform(wearer: Wearer, { header, body }: RecordOf<'waveform'>): void {
  const block = decodeWaveform(body);
  if ('fault' in block) throw new Error(`a waveform block in the log is broken: ${block.fault}`);
  const device = wearer.device(header.device);
  const { boot, seq } = block;
  if (!isNews(wearer, device.isNewBlock(block.lead, boot, seq), header.assignment)) return;
  const stream = device.streams.get(block.lead);
  if (!stream) return;
  const timed = { takenAt: endOf(block), acceptedAt: header.acceptedAt, skew: header.skew };
  const at = effectiveTime(timed);
  const ageMs = ageAtArrivalMs(timed);
  if (!isLive(wearer, stream, at, ageMs)) return;
  const bad = badBlock(block);
  if (bad) {
    wearer.unusable(stream, bad, at);
    return;
  }
  const unsure = header.clock === 'unsure' || block.clock === 'unsure' || isClockUnsure(timed);
  const heard = { log: wearer.context.clock.log, acceptedAt: header.acceptedAt, ageMs, at, boot, seq };
  wearer.usable(stream, heard, { good: true, unsure, unsequenced: false });
}

/** A device's word about itself: each is complete, so only the newest counts. */
function deviceState(wearer: Wearer, { header, body }: RecordOf<'device-state'>): void {
  const state = DeviceState.parse(decodeBody(body));
  const device = wearer.device(header.device);
  if (!isNews(wearer, device.isNew(state.boot, state.seq), header.assignment)) return;
  if (!device.isNewestState(state.boot, state.seq)) return;
  const timed = { takenAt: state.at, acceptedAt: header.acceptedAt, skew: header.skew };
  if (ageAtArrivalMs(timed) > stateFreshForMs) {
    wearer.context.count('late');
    return;
  }
  const at = effectiveTime(timed);
  const faulty = state.faults.length > 0 ? 'sensor-fault' : null;
  const cause = state.contact === 'no' ? 'lead-off' : faulty;
  for (const stream of device.streams.values()) wearer.reported(stream, cause, at);
}

/** An event of a device decides nothing yet; its place in the sequence counts. */
function deviceEvent(wearer: Wearer, { header, body }: RecordOf<'device-event'>): void {
  const { boot, seq } = decodeBody(body) as { boot: number; seq: number };
  isNews(wearer, wearer.device(header.device).isNew(boot, seq), header.assignment);
}

/** A message was refused at the border: a source that only sends rubbish is not heard. */
function refusal(wearer: Wearer, { header, body }: RecordOf<'refusal'>): void {
  const device = wearer.device(header.device);
  const { boot, seq, vital, refused } = body;
  const isNew = boot === null || seq === null ? device.isNewRefusal(refused) : device.isNew(boot, seq);
  if (!isNews(wearer, isNew, header.assignment)) return;
  for (const stream of device.streams.values()) {
    if (vital === null || stream.signal === vital) wearer.unusable(stream, 'poor-signal', header.acceptedAt);
  }
}

/** Why a reading is not usable. */
function badCause(each: Reading): BadCause {
  const absent = 'absent' in each ? each.absent : undefined;
  if (absent === 'no-contact' || absent === 'lead-off') return 'lead-off';
  if (absent === 'sensor-fault' || absent === 'warm-up') return absent;
  return 'poor-signal';
}

/** Why a block is not usable; undefined if it is. */
function badBlock(block: WaveformBlock): BadCause | undefined {
  if (block.contact === 'none') return 'lead-off';
  return block.samples.every((sample) => sample === invalidSample) ? 'poor-signal' : undefined;
}

/** Time of a block's last sample, UTC milliseconds: up to then the lead was heard. */
function endOf(block: WaveformBlock): number {
  return Math.floor(block.takenAtUs / 1_000 + (block.samples.length * 1_000_000) / block.rateMhz);
}
