// Rows for tests of the store: everything that a test does not say has a fixed value.
import { encodeWaveform, LEADS, MICROVOLT, type NumericRow, type WaveformRow } from '../../contract/index.ts';

export const start = Date.UTC(2026, 2, 1);

export function numericRow(facts: Partial<NumericRow> & { readonly seq: number }): NumericRow {
  const effectiveAt = facts.effectiveAt ?? facts.takenAt ?? start + facts.seq * 1_000;
  return {
    patient: 'p-1',
    device: 'd-1',
    boot: 1,
    vital: 2,
    value: 90 + (facts.seq % 9),
    unit: 0,
    reported: null,
    bound: 0,
    absent: -1,
    quality: 0,
    clock: 0,
    takenAt: effectiveAt,
    receivedAt: effectiveAt + 40,
    acceptedAt: effectiveAt + 90,
    effectiveAt,
    partition: 0,
    position: facts.seq,
    hash: BigInt(facts.seq) * 1_000_003n,
    ...facts,
  };
}

/** A block of one second at 250 Hz whose bytes depend on its sequence number. */
export function waveformRow(facts: Partial<WaveformRow> & { readonly seq: number }): WaveformRow {
  const { seq, boot = 1, rateMhz = 250_000, samples = 250 } = facts;
  const takenAtUs = facts.takenAtUs ?? (start + seq * 1_000) * 1_000;
  const block = encodeWaveform({
    lead: 'II',
    boot,
    seq,
    discontinuous: false,
    saturated: false,
    pacing: false,
    rateMhz,
    index: (seq - 1) * samples,
    takenAtUs,
    receivedAt: Math.floor(takenAtUs / 1_000) + 1_040,
    scale: 2.5,
    unit: MICROVOLT,
    clock: 'synced',
    contact: 'contact',
    samples: Int16Array.from({ length: samples }, (_, i) => ((seq * 7_919 + i * 104_729) % 65_535) - 32_767),
  });
  return {
    patient: 'p-1',
    device: 'd-1',
    boot,
    lead: LEADS.II,
    takenAtUs,
    acceptedAt: Math.floor(takenAtUs / 1_000) + 1_090,
    rateMhz,
    samples,
    partition: 0,
    position: seq,
    hash: BigInt(seq) * 1_000_003n,
    block,
    ...facts,
  };
}
