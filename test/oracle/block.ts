// The oracle's own reading of a waveform block, from the table in `interfaces.md` 3.3.

export interface ReadBlock {
  readonly lead: number;
  readonly rateMhz: number;
  readonly index: number;
  readonly takenAtUs: number;
  readonly scale: number;
  /** null where the sample is invalid. */
  readonly samples: readonly (number | null)[];
}

export function readBlock(bytes: Uint8Array): ReadBlock {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const from = view.getUint16(6, true);
  const count = view.getUint16(60, true);
  const samples: (number | null)[] = [];
  for (let at = 0; at < count; at++) {
    const sample = view.getInt16(from + 2 * at, true);
    samples.push(sample === -32_768 ? null : sample);
  }
  return {
    lead: view.getUint32(8, true),
    rateMhz: view.getUint32(20, true),
    index: Number(view.getBigUint64(24, true)),
    takenAtUs: Number(view.getBigInt64(32, true)),
    scale: view.getFloat64(48, true),
    samples,
  };
}
