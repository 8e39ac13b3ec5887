// The way to a gateway: heard of by its beats alone, each 10 s. Lost at 30 s of log time without one, counted from the
// assignment where none ever came.
import { gatewayFreshness, type Heartbeat } from '../../contract/index.ts';
import { type Arrival, afterGap, type Gap } from './log-clock.ts';

export interface LinkState {
  readonly gateway: string;
  readonly armed: Arrival;
  readonly heard: Arrival | null;
  readonly boot: number;
  readonly beat: number;
  readonly restoredLog: number;
}

export class Link {
  readonly gateway: string;
  /** When somebody first relied on it. */
  armed: Arrival;
  heard: Arrival | null = null;
  boot = 0;
  beat = 0;
  /** Log time at which it last came back; what it held back is due from then on. */
  restoredLog = 0;

  constructor(gateway: string, armed: Arrival) {
    this.gateway = gateway;
    this.armed = armed;
  }

  get lostAt(): number {
    return (this.heard ?? this.armed).log + gatewayFreshness.freshForMs;
  }
  get lateAt(): number {
    return (this.heard ?? this.armed).log + gatewayFreshness.degradedAfterMs;
  }
  isLostAt(log: number): boolean {
    return log >= this.lostAt;
  }
  /** UTC of the newest sign of it. */
  get sinceUtc(): number {
    return (this.heard ?? this.armed).utc;
  }
  /** Equal for all that this gateway's loss concerns, in every partition. */
  get causeId(): string {
    return `gateway-lost:${this.gateway}`;
  }
  /** Names the newest beat, or that there was none. */
  get newest(): string {
    return this.heard ? `${this.gateway}/${this.boot}/${this.beat}` : `${this.gateway}/never/${this.armed.utc}`;
  }

  /** Takes a beat; false for a copy or an older one. */
  hear(beat: Pick<Heartbeat, 'boot' | 'beat'>, arrival: Arrival): boolean {
    if (beat.boot < this.boot || (beat.boot === this.boot && beat.beat <= this.beat)) return false;
    if (this.isLostAt(arrival.log)) this.restoredLog = arrival.log;
    this.boot = beat.boot;
    this.beat = beat.beat;
    this.heard = arrival;
    return true;
  }

  /** Log times after a gap; with `distrust` nothing heard before it counts any more. */
  rebase(gap: Gap, distrust: boolean): void {
    const arrival = this.heard ?? this.armed;
    if (distrust) arrival.log = gap.toLog - gatewayFreshness.freshForMs;
    else arrival.log = afterGap(arrival.log, arrival.utc, gap);
  }

  toJSON(): LinkState {
    const { gateway, armed, heard, boot, beat, restoredLog } = this;
    return { gateway, armed, heard, boot, beat, restoredLog };
  }
  static restore(saved: LinkState): Link {
    return Object.assign(new Link(saved.gateway, saved.armed), saved);
  }
}
