// Plays a recording at 1x into the running system of a data folder, shifted to now, over MQTT like any device.
import { join } from 'node:path';
import type { Clock } from '../../contract/index.ts';
import { nextBoot } from '../boot-counter.ts';
import { NotRunningError } from '../errors.ts';
import { serveLocal } from '../local-http.ts';
import type { Message } from '../outbox.ts';
import { seededRandom } from '../random.ts';
import { brokerOf, waitForSystem } from '../ready.ts';
import type { Report } from '../sender.ts';
import { type Sender, startSender } from '../sender.ts';
import type { ReplayIdentity } from './identity.ts';
import { connectWithinMs, drainWithinMs, settleMs, unacknowledgedMaxMs } from './limits.ts';
import { type Worn, wear } from './provision.ts';
import type { Recording } from './recording.ts';
import { type ReplayDevice, type Step, scriptOf } from './script.ts';

export interface LiveOptions {
  readonly recording: Recording;
  readonly identity: ReplayIdentity;
  readonly devices: readonly ReplayDevice[];
  readonly seed: number;
  readonly rounds: number;
  /** Watched on after the last record. */
  readonly tailMs: number;
  /** Ends before that time of the recording; undefined: at its end. */
  readonly durationMs: number | undefined;
}

export interface LivePlace {
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly report: Report;
  /** Told about once a second how far it is, ms of the recording. */
  readonly onProgress: (atMs: number) => void;
}

export interface Played {
  /** UTC ms at which the recording's first instant was played. */
  readonly startedAt: number;
  /** Ms of the recording that were played. */
  readonly playedMs: number;
  readonly patient: string;
  readonly devices: readonly { readonly name: string; readonly id: string; readonly boot: number }[];
  readonly sent: SentCounts;
  readonly acknowledged: number;
  readonly unacknowledged: number;
  readonly interrupted: boolean;
}

export interface SentCounts {
  readonly messages: number;
  readonly readings: number;
  readonly blocks: number;
}

/** One more message. */
export function counted(counts: SentCounts, { kind, seqs }: Message): SentCounts {
  const readings = kind === 'readings' && seqs ? seqs[1] - seqs[0] + 1 : 0;
  return {
    messages: counts.messages + 1,
    readings: counts.readings + readings,
    blocks: counts.blocks + (kind === 'waveform' ? 1 : 0),
  };
}

export const nothingSent: SentCounts = { messages: 0, readings: 0, blocks: 0 };

/** Plays until the end or the signal; what was played is taken off again either way. */
export async function playLive(options: LiveOptions, place: LivePlace, signal: AbortSignal): Promise<Played> {
  const { dataFolder, clock } = place;
  await waitForSystem(dataFolder, clock, 0, signal);
  // Two replays of one recording would throw each other off the broker.
  const mine = join(dataFolder, 'sim', `${options.identity.name}.sock`);
  await using _mine = await serveLocal(mine, async () => ({ status: 200, body: {} }));
  const worn = await wear(dataFolder, options.identity, options.devices);
  let takenOff = false;
  try {
    await using stack = new AsyncDisposableStack();
    const boots = await Promise.all(worn.devices.map(({ device }) => nextBoot(join(dataFolder, 'sim', device))));
    const { version } = await brokerOf(dataFolder);
    const senders = worn.devices.map(({ name, device, token }, i) =>
      stack.use(
        startSender({
          ...{ name, device, token, version, clock, realm: 'test', report: place.report },
          boot: boots[i] as number,
          broker: () => brokerOf(dataFolder),
          random: seededRandom(options.seed, name, 'way'),
        }),
      ),
    );
    await connected(senders, clock, signal);
    const player = new Player({ options, place, senders, boots, worn });
    const played = await player.play(signal);
    takenOff = true;
    await worn.end(endOf(played, options, clock));
    await Promise.all(senders.map((sender) => sender.stop(played.interrupted ? 'interrupted' : 'recording-over')));
    if (!signal.aborted) await clock.sleep(settleMs, signal).catch(() => {});
    return played;
  } finally {
    if (!takenOff) await worn.end(clock.wall()).catch(() => {});
  }
}

/** The assignment ends at the last record; one that was broken off ends now. */
function endOf({ startedAt, playedMs, interrupted }: Played, { tailMs }: LiveOptions, clock: Clock): number {
  return interrupted ? clock.wall() : Math.min(clock.wall(), startedAt + playedMs + tailMs);
}

async function connected(senders: readonly Sender[], clock: Clock, signal: AbortSignal): Promise<void> {
  const until = clock.mono() + connectWithinMs;
  while (!senders.every((sender) => sender.connected)) {
    signal.throwIfAborted();
    const failing = senders.find((sender) => !sender.connected);
    const why = failing?.refused ?? failing?.lastFailure ?? 'no answer';
    if (failing?.refused !== undefined || clock.mono() > until)
      throw new NotRunningError(`the broker does not let the recording's device in (${why})`);
    await clock.sleep(20, signal);
  }
}

interface PlayerParts {
  readonly options: LiveOptions;
  readonly place: LivePlace;
  readonly senders: readonly Sender[];
  readonly boots: readonly number[];
  readonly worn: Worn;
}

class Player {
  readonly #parts: PlayerParts;
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #startedMono: number;
  #atMs = 0;
  #sent = nothingSent;
  #acknowledged = 0;
  #acknowledgedMono: number;

  constructor(parts: PlayerParts) {
    this.#parts = parts;
    this.#clock = parts.place.clock;
    this.#startedAt = Math.ceil(this.#clock.wall());
    this.#startedMono = this.#clock.mono();
    this.#acknowledgedMono = this.#startedMono;
  }

  async play(signal: AbortSignal): Promise<Played> {
    const { options, senders, boots, worn } = this.#parts;
    const { recording, devices, rounds } = options;
    const wholeMs = (rounds - 1) * recording.periodMs + recording.lengthMs;
    const endMs = Math.min(options.durationMs ?? Number.POSITIVE_INFINITY, wholeMs);
    try {
      for await (const step of scriptOf({ recording, devices, boots, rounds, startAt: this.#startedAt })) {
        if (step.dueMs > endMs) break;
        await this.#reach(step.dueMs, signal);
        await this.#room(step, signal);
        this.#send(step);
      }
      await this.#reach(endMs, signal);
      await this.#drained(signal);
      await this.#reach(endMs + options.tailMs, signal);
      this.#atMs = endMs;
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    return {
      startedAt: this.#startedAt,
      playedMs: this.#atMs,
      patient: worn.patient,
      devices: worn.devices.map(({ name, device }, i) => ({ name, id: device, boot: boots[i] as number })),
      sent: this.#sent,
      acknowledged: senders.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
      unacknowledged: senders.reduce((sum, { waiting }) => sum + waiting, 0),
      interrupted: signal.aborted,
    };
  }

  #send({ device, message }: Step): void {
    this.#sent = counted(this.#sent, message);
    this.#parts.senders[device]?.send(message);
  }

  /** Waits until the recording is there, a second at most at a time, as devices beat meanwhile. */
  async #reach(dueMs: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      const nowMs = this.#clock.mono() - this.#startedMono;
      this.#atMs = Math.max(this.#atMs, Math.min(nowMs, dueMs));
      this.#tick();
      if (nowMs >= dueMs) return;
      await this.#clock.sleep(Math.min(1_000, dueMs - nowMs), signal);
    }
  }

  /** A recording loses nothing: with the outbox half full it waits, and what is late then goes by the late lane. */
  async #room({ device }: Step, signal: AbortSignal): Promise<void> {
    while (this.#parts.senders[device]?.hasRoom === false) {
      signal.throwIfAborted();
      this.#tick();
      await this.#clock.sleep(100, signal);
    }
  }

  async #drained(signal: AbortSignal): Promise<void> {
    const until = this.#clock.mono() + drainWithinMs;
    while (this.#parts.senders.some(({ waiting }) => waiting > 0) && this.#clock.mono() < until) {
      this.#tick();
      await this.#clock.sleep(20, signal);
    }
  }

  #tick(): void {
    const { senders, place } = this.#parts;
    const mono = this.#clock.mono();
    let acknowledged = 0;
    let waiting = 0;
    for (const sender of senders) {
      sender.tick();
      acknowledged += sender.acknowledged;
      waiting += sender.waiting;
      if (sender.refused !== undefined)
        throw new NotRunningError(`the broker refuses the recording's device (${sender.refused})`);
    }
    if (acknowledged !== this.#acknowledged || waiting === 0) {
      this.#acknowledged = acknowledged;
      this.#acknowledgedMono = mono;
    } else if (mono - this.#acknowledgedMono > unacknowledgedMaxMs)
      throw new NotRunningError(
        `nothing was acknowledged for ${unacknowledgedMaxMs / 60_000} min; is the system gone?`,
      );
    place.onProgress(this.#atMs);
  }
}
