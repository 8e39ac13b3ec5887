import type { WaveBlock } from '../../../api/console/wave-ring.ts';

export const begin = Date.parse('2026-03-01T14:02:00.000Z');
export const rateHz = 250;
export const invalid = -32_768;

/** A block of lead II that begins with this sample of the lead; its time follows from that. */
export function block(index: number, samples: readonly number[], changes: Partial<WaveBlock> = {}): WaveBlock {
  return {
    device: 'd-1',
    takenAt: new Date(Math.round(begin + (index * 1_000) / rateHz)).toISOString(),
    rateMhz: rateHz * 1_000,
    index,
    gap: false,
    scale: 5,
    samples: encoded(samples),
    ...changes,
  };
}

export function encoded(samples: readonly number[]): string {
  const bytes = Buffer.alloc(samples.length * 2);
  samples.forEach((sample, i) => {
    bytes.writeInt16LE(sample, 2 * i);
  });
  return bytes.toString('base64');
}

export interface Stroke {
  readonly fromX: number;
  readonly fromY: number;
  readonly x: number;
  readonly y: number;
}

/** A pen that remembers what it drew. */
export function recordingPen() {
  const strokes: Stroke[] = [];
  const marks: { readonly x: number; readonly y: number }[] = [];
  let at = { x: Number.NaN, y: Number.NaN };
  return {
    strokes,
    marks,
    moveTo: (x: number, y: number) => {
      at = { x, y };
    },
    lineTo: (x: number, y: number) => {
      strokes.push({ fromX: at.x, fromY: at.y, x, y });
      at = { x, y };
    },
    fillRect: (x: number, y: number) => {
      marks.push({ x, y });
    },
  };
}
