// The real host with the real core on a real embedded log, in virtual time: a process that can be killed at any call of its
// disk and started again on what it left, and senders that send again what was not acknowledged.
import { setImmediate } from 'node:timers/promises';
import { startAlerting } from '../../alerting/index.ts';
import {
  type Alert,
  type AlertEvent,
  type AppendRecord,
  decodeBody,
  decodeRecord,
  encodeInput,
  encodeRecord,
  RuleSet,
  senderHeader,
  type TopicName,
} from '../../contract/index.ts';
import { realDisk } from '../../durable/index.ts';
import { openLog, scanTopic } from '../../ingest/index.ts';
import { pseudoRandom } from '../../simulators/index.ts';
import { adultRules } from '../support/core.ts';
import { TestClock } from '../unit/alerting/test-clock.ts';
import { KillableDisk } from './ward-disk.ts';

/** Made when it is sent: the border dates it then. */
type Message = (acceptedAt: number) => AppendRecord;

export interface WardOptions {
  readonly folder: string;
  readonly seed: number;
  readonly patients: readonly string[];
  readonly partitions?: number;
}

/** Rounds of the event loop without a call of the disk under way after which nothing more happens by itself. */
const quietRounds = 12;

/** The log as one life of the process has it. */
interface Life {
  readonly disk: KillableDisk;
  readonly log: Awaited<ReturnType<typeof openLog>>;
  readonly role: Awaited<ReturnType<typeof startAlerting>>;
}

/** Time that moves only when neither the event loop nor the disk has anything to do. */
class DiskClock extends TestClock {
  #disk: KillableDisk | undefined;

  watch(disk: KillableDisk): void {
    this.#disk = disk;
  }

  override async quiet(): Promise<void> {
    for (let still = 0; still < quietRounds; ) {
      await setImmediate();
      still = (this.#disk?.underWay ?? 0) === 0 ? still + 1 : 0;
    }
  }
}

export class VirtualWard implements AsyncDisposable {
  readonly clock = new DiskClock();
  readonly failures: unknown[] = [];
  readonly announced: string[] = [];
  lives = 0;
  sent = 0;
  copies = 0;
  readonly #options: WardOptions;
  readonly #waiting: Message[] = [];
  #later: { readonly at: number; readonly message: Message }[] = [];
  #claims = 0;
  #life: Life | undefined;

  constructor(options: WardOptions) {
    this.#options = options;
  }

  get #partitions(): number {
    return this.#options.partitions ?? 1;
  }

  get isUp(): boolean {
    return this.#life !== undefined && !this.#life.disk.isKilled;
  }

  /** A new life of the process, on what the one before left. */
  async start(): Promise<void> {
    this.lives++;
    const disk = new KillableDisk();
    this.clock.watch(disk);
    const { clock } = this;
    const announce = (_: string, message: string) => void this.announced.push(message);
    const fatal = (error: unknown) => void this.failures.push(error);
    const options = { folder: this.#options.folder, partitions: this.#partitions, keepDays: 30, keepBytes: 1e9 };
    const log = await openLog(
      { driver: 'embedded', ...options, segmentBytesMax: 1 << 18 },
      { disk, clock, announce, onFatal: fatal },
    );
    const bytes = (n: number) => new Uint8Array(n).fill(++this.#claims);
    const role = await startAlerting(
      { instance: 'vigil-1', bootId: 'b-1', build: '0.1.0', config: '9f2c' },
      { log, clock, random: { next: () => 0, bytes }, announce, fatal, busyMs: () => 0 },
    );
    this.#life = { disk, log, role };
    await clock.quiet();
  }

  /** It will die in the call of its disk after so many more. */
  killAfter(calls: number, lastLands: boolean): void {
    this.#life?.disk.killAfter(calls, lastLands);
  }

  /** The dead process's files are closed; what it holds in memory is nobody's any more. */
  async bury(): Promise<void> {
    await this.clock.quiet();
    await this.#life?.disk.closeFiles();
    this.#life = undefined;
  }

  /** A message on its way; it stays so until the log has it. One in ten is sent once more, at once or up to 8 s later. */
  send(message: Message): void {
    this.#waiting.push(message);
    const chance = pseudoRandom(this.#options.seed, 'copy', ++this.sent);
    if (chance % 10 === 0) this.#later.push({ at: this.clock.mono() + (chance % 9) * 1_000, message });
  }

  /** All that waits goes to the log, if it lives. What a kill leaves unanswered is sent again by the next life. */
  async deliver(): Promise<void> {
    const { clock } = this;
    const due = this.#later.filter(({ at }) => at <= clock.mono());
    this.#later = this.#later.filter(({ at }) => at > clock.mono());
    this.copies += due.length;
    this.#waiting.push(...due.map(({ message }) => message));
    while (this.#waiting.length > 0 && this.#life && this.isUp) {
      const { log, disk } = this.#life;
      const messages = this.#waiting.slice(0, 3);
      const appended = log.append(
        'inputs',
        messages.map((make) => make(clock.wall())),
        { lane: 'data' },
      );
      const answer = await Promise.race([appended.then(() => 'durable'), disk.killed.then(() => 'killed')]);
      if (answer === 'killed') return;
      this.#waiting.splice(0, messages.length);
    }
  }

  /** Records of a topic from its files, as anybody can read them. */
  records(topic: TopicName) {
    return Array.fromAsync(scanTopic(this.#options.folder, topic, realDisk()));
  }

  /** Bodies in `alerts` as they stand there. */
  async written(): Promise<{ readonly kind: unknown; readonly text: string; readonly input: number }[]> {
    return (await this.records('alerts')).map(({ value }) => {
      const { header, body } = decodeRecord(value);
      return { kind: header.kind, text: Buffer.from(body).toString(), input: Number(header['input']) };
    });
  }

  /** The newest state of a patient's alert of a kind. */
  async alertOf(patient: string, kind: Alert['kind']): Promise<Alert | undefined> {
    const events = (await this.records('alerts')).flatMap(({ value }) => {
      const { header, body } = decodeRecord(value);
      return header.kind === 'alert' ? [(decodeBody(body) as AlertEvent).alert] : [];
    });
    return events.findLast((alert) => alert.patient === patient && alert.kind === kind);
  }

  /** Rules, and every patient's oximeter, from now on. */
  settings(): Message[] {
    const rules = (at: number) => encodeInput({ v: 1, kind: 'rules', by: 'u-1', at }, RuleSet.parse(adultRules));
    const everywhere = Array.from({ length: this.#partitions }, (_, partition) => (at: number) => ({
      key: 'rules',
      partition,
      value: rules(at),
    }));
    return [...everywhere, ...this.#options.patients.map((patient) => assignment(patient, this.clock.wall()))];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const life = this.#life;
    this.#life = undefined;
    if (!life || life.disk.isKilled) return life?.disk.closeFiles();
    // Its last waits are deadlines of the virtual clock.
    const stopped = life.role[Symbol.asyncDispose]().then(() => life.log[Symbol.asyncDispose]());
    let isStopped = false;
    void stopped.then(() => {
      isStopped = true;
    });
    while (!isStopped) await this.clock.advance(100);
  }
}

function assignment(patient: string, from: number): Message {
  const device = `d-${patient}`;
  const signals = [{ vital: 'spo2', mode: 'continuous', everyMs: 1_000, firstWithinMs: 120_000 }] as const;
  const body = { id: `as-${patient}`, revision: 1, patient, device, gateway: device, from, to: null };
  return (at) => ({
    key: patient,
    value: encodeInput({ v: 1, kind: 'assignment', patient, by: 'u-1', at }, { ...body, signals: [...signals] }),
  });
}

/** A reading as the patient's own device sends it. */
export function reading(patient: string, seq: number, value: number, takenAt: number): Message {
  const facts = { patient, device: `d-${patient}`, assignment: `as-${patient}`, sender: `d-${patient}` };
  const body = { v: 1, boot: 1, seq, vital: 'spo2', value, unit: '%', quality: 'good' };
  return (acceptedAt) => ({
    key: patient,
    value: encodeRecord(senderHeader('readings', { ...facts, lane: 'live', acceptedAt }), {
      ...body,
      takenAt,
      receivedAt: takenAt,
      clock: 'synced',
    }),
  });
}

/** A heartbeat of the patient's own device. */
export function beat(patient: string, number: number, at: number): Message {
  const gateway = `d-${patient}`;
  const body = { v: 1, boot: 1, beat: number, at, nextBy: at + 10_000 };
  return (acceptedAt) => ({
    key: gateway,
    value: encodeRecord({ v: 1, kind: 'gateway-beat', gateway, acceptedAt }, body),
  });
}

/** A clinician takes an alert at the revision that is on the screen. */
export function acknowledgement({ id: alert, revision, patient }: Alert, by: string): Message {
  const subject = patient ?? 'system';
  return (at) => ({
    key: subject,
    value: encodeInput(
      { v: 1, kind: 'acknowledge', patient: subject, by, at },
      { requestId: `r-${alert}-${revision}`, alert, revision },
    ),
  });
}
