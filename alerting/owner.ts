// Ownership of a partition by epochs in the log itself (`records.md` 5). A claim is valid only if `after` is the current
// epoch at its place; so late, double and simultaneous claims are invalid by themselves, and the core, which reads them in
// order, is the one judge of that. Here: making claims, and knowing our own. A claim whose append was refused may land
// later and then be valid: it counts as ours all the same, because its id is remembered.
import { type AppendRecord, encodeInput, type Random } from '../contract/index.ts';
import type { PartitionEngine } from './core/index.ts';

export interface ClaimantOptions {
  readonly instance: string;
  readonly bootId: string;
  readonly random: Random;
}

/** Key of records that concern a whole partition and are appended to it whatever their key. */
export const partitionKey = 'system';

/** Makes the claims of one process for one partition, and recognises them. */
export class Claimant {
  readonly #options: ClaimantOptions;
  readonly #ids = new Set<string>();

  constructor(options: ClaimantOptions) {
    this.#options = options;
  }

  /** A claim to follow epoch `after`. */
  claim(partition: number, after: number): { readonly id: string; readonly record: AppendRecord } {
    const { instance, bootId, random } = this.#options;
    const id = `c-${Buffer.from(random.bytes(8)).toString('hex')}`;
    this.#ids.add(id);
    const value = encodeInput({ v: 1, kind: 'owner' }, { id, instance, bootId, after });
    return { id, record: { key: partitionKey, partition, value } };
  }

  /** True if the newest valid claim is one of ours. */
  owns(owner: PartitionEngine['owner']): boolean {
    return owner.id !== null && this.#ids.has(owner.id);
  }
}

/** Follows claims and ticks without judging anything: what a fenced candidate does until it has a reason to claim again. */
export class OwnerWatch {
  #epoch: number;
  #heardAt: number;

  constructor(epoch: number, mono: number) {
    this.#epoch = epoch;
    this.#heardAt = mono;
  }

  /** A claim in the log, valid or not. */
  claimed(after: number, mono: number): void {
    if (after !== this.#epoch) return;
    this.#epoch += 1;
    this.#heardAt = mono;
  }

  ticked(epoch: number, mono: number): void {
    if (epoch === this.#epoch) this.#heardAt = mono;
  }

  /** How long the owner has not been heard. */
  silentMs(mono: number): number {
    return mono - this.#heardAt;
  }
}
