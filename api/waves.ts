// The newest waveform block of each patient and lead, as bytes: decoded only where somebody looks. Invariant: a block that
// was taken earlier never replaces one that was taken later.
import { type Lead, leadOfCode } from '../contract/index.ts';

export interface HeldBlock {
  readonly device: string;
  readonly takenAtUs: number;
  readonly bytes: Uint8Array;
}

export class Waves {
  readonly #patients = new Map<string, Map<Lead, HeldBlock>>();

  /** The lead, if the block is the newest of it. */
  put(patient: string, device: string, body: Uint8Array): Lead | undefined {
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
    const lead = leadOfCode(view.getUint32(8, true));
    if (!lead) return undefined;
    const takenAtUs = Number(view.getBigInt64(32, true));
    const leads = this.#patients.get(patient) ?? new Map<Lead, HeldBlock>();
    this.#patients.set(patient, leads);
    if ((leads.get(lead)?.takenAtUs ?? -1) >= takenAtUs) return undefined;
    // A copy: the record's bytes are part of a whole batch of the log.
    leads.set(lead, { device, takenAtUs, bytes: body.slice() });
    return lead;
  }

  get(patient: string, lead: Lead): HeldBlock | undefined {
    return this.#patients.get(patient)?.get(lead);
  }

  leadsOf(patient: string): readonly Lead[] {
    return [...(this.#patients.get(patient)?.keys() ?? [])];
  }

  forget(patient: string): void {
    this.#patients.delete(patient);
  }
}
