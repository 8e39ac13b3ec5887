// A waveform block as the stream and the API show it.
import {
  decodeWaveform,
  isContiguous,
  MICROVOLT,
  toInstant,
  type WaveformBlock,
  type WaveformView,
} from '../../contract/index.ts';

/** The block of these bytes, or undefined where they do not verify: what is broken is not drawn. */
export function blockOf(bytes: Uint8Array): WaveformBlock | undefined {
  const block = decodeWaveform(bytes);
  return 'fault' in block ? undefined : block;
}

/** `previous`: the block that the same reader got before, if any. */
export function waveformView(block: WaveformBlock, device: string, previous: WaveformBlock | undefined): WaveformView {
  return {
    lead: block.lead,
    device,
    takenAt: toInstant(Math.round(block.takenAtUs / 1_000)),
    rateMhz: block.rateMhz,
    index: block.index,
    gap: previous === undefined ? block.discontinuous : !isContiguous(previous, block),
    scale: block.scale,
    unit: block.unit === MICROVOLT ? 'uV' : '1',
    samples: littleEndian(block.samples),
  };
}

function littleEndian(samples: Int16Array): string {
  const bytes = Buffer.alloc(samples.length * 2);
  samples.forEach((sample, i) => {
    bytes.writeInt16LE(sample, 2 * i);
  });
  return bytes.toString('base64');
}
