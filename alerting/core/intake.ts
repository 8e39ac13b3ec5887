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
import { quiet } from './lines.ts';
import { code, codeBound, codeClock, codeOf, isGood, numberOf, type Taken } from './reading-code.ts';
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
  /** A usable reading out of order, or too old to speak for now. */
  late(stream: Stream, taken: Taken): void;
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
  const timed = { takenAt: each.takenAt, acceptedAt: header.acceptedAt, skew: header.skew };
  const at = effectiveTime(timed);
  const device = wearer.device(header.device);
  const known = device.streams.get(each.vital);
  const isUsable = each.quality !== 'bad' && !('absent' in each);
  const value = isUsable ? numberOf(each) : Number.NaN;
  const codes = isUsable ? codeOf(each, header.clock === 'unsure' || isClockUnsure(timed)) : 0;
  const { boot, seq, receivedAt } = each;
  const { acceptedAt } = header;
  const { lines, clock } = wearer.context;
  if (
    known?.assignment === header.assignment &&
    quiet(lines, clock.log, known.index, value, at, acceptedAt, receivedAt, boot, seq, codes)
  ) {
    return;
  }
  if (!isNews(wearer, device.isNew(boot, seq), header.assignment)) return;
  const stream = known ?? wearer.unarmed(device, each);
  stream.assignment = header.assignment;
  if (isUsable && (!Number.isNaN(value) || (codes & codeBound) !== 0)) {
    usable(wearer, stream, { value, at, acceptedAt, receivedAt, boot, seq, codes });
  } else if (isLive(wearer, stream, at, ageAtArrivalMs(timed))) {
    wearer.unusable(stream, badCause(each), at);
  }
}

/** A usable reading that is no copy. */
export function usable(wearer: Wearer, stream: Stream, taken: Taken): void {
  const { at, acceptedAt, boot, seq, codes } = taken;
  const ageMs = Math.max(0, acceptedAt - at);
  if (!isLive(wearer, stream, at, ageMs)) {
    wearer.late(stream, taken);
    return;
  }
  const changes = stream.judge(taken);
  wearer.usable(
    stream,
    { log: wearer.context.clock.log, acceptedAt, ageMs, at, boot, seq },
    { good: isGood(codes), unsure: (codes & codeClock) !== 0, unsequenced: boot === 0 },
  );
  wearer.judged(stream, changes, at, acceptedAt);
  stream.settle();
}

/** A reading that has come by its stream's index; its bits are those of `reading-code.ts`. */
export function numbered(wearer: Wearer, stream: Stream, taken: Taken): void {
  const { boot, seq } = taken;
  const bits = code.doubtful | code.estimated | code.unsure | codeBound | code.disbelieved;
  if ((taken.codes & ~bits) !== 0) throw new Error('a reading of an unknown code');
  if (isNews(wearer, wearer.device(stream.device).isNew(boot, seq), stream.assignment)) usable(wearer, stream, taken);
}

/** Neither a copy nor of an assignment that is over. */
function isNews(wearer: Wearer, isNew: boolean, assignment: string): boolean {
  if (!isNew) wearer.context.count('copies');
  else if (!wearer.isCurrent(assignment)) wearer.context.count('after-assignment');
  else return true;
  return false;
}

/** In order and young enough to speak for now. */
function isLive({ context }: Wearer, stream: Stream, at: number, ageMs: number): boolean {
  if (at <= stream.newestAt || ageMs > stream.freshForMs) {
    context.count('late');
    return false;
  }
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
