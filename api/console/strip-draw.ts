// The trace of a span of time, sample by sample. A line is drawn only between two samples that follow each other; over what
// is missing or was not measured nothing is drawn. Pure but for the pen; nothing is allocated.
import { type StripMap, xOf, yOf } from './strip-map.ts';
import type { WaveRing } from './wave-ring.ts';

/** The part of a canvas that a trace needs. */
export interface Pen {
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  fillRect(x: number, y: number, width: number, height: number): void;
}

/** Height of the mark of a sample that does not fit, in pixels of the page. */
const clipMark = 4;

/** Draws the samples after `fromMs` up to `toMs`, each with the line that leads to it; gives the newest time measured. */
export function drawSpan(pen: Pen, ring: WaveRing, map: StripMap, fromMs: number, toMs: number): number {
  let newest = Number.NaN;
  for (let block = ring.first; block < ring.next; block++) {
    const start = ring.startMs(block);
    const period = ring.periodMs(block);
    const from = Math.max(0, Math.floor((fromMs - start) / period) + 1);
    const to = Math.min(ring.count(block) - 1, Math.floor((toMs - start) / period));
    if (from > to) continue;
    const before = ring.follows(block);
    let isDown = false;
    let lastX = 0;
    let lastY = 0;
    for (let i = from - 1; i <= to; i++) {
      const held = i >= 0 ? block : before;
      const at = i >= 0 ? i : before < 0 ? 0 : ring.count(before) - 1;
      const value = held < 0 ? Number.NaN : ring.value(held, at);
      if (Number.isNaN(value)) {
        isDown = false;
        continue;
      }
      const takenMs = ring.startMs(held) + at * period;
      const x = xOf(map, takenMs);
      const exact = yOf(map, value);
      const y = Math.max(0, Math.min(map.height, exact));
      if (i >= from) {
        if (isDown) line(pen, map.width, lastX, lastY, x, y);
        else dot(pen, x, y);
        if (y !== exact || ring.isAtEnd(held, at)) mark(pen, map, x, y);
        if (!(newest >= takenMs)) newest = takenMs;
      } else pen.moveTo(x, y);
      isDown = true;
      lastX = x;
      lastY = y;
    }
  }
  return newest;
}

/** To the next sample, over the right edge where the sweep begins again. */
function line(pen: Pen, width: number, fromX: number, fromY: number, x: number, y: number): void {
  if (x >= fromX) {
    pen.lineTo(x, y);
    return;
  }
  pen.lineTo(x + width, y);
  pen.moveTo(fromX - width, fromY);
  pen.lineTo(x, y);
}

/** A sample without a neighbour is a point. */
function dot(pen: Pen, x: number, y: number): void {
  pen.moveTo(x, y);
  pen.lineTo(x, y);
}

function mark(pen: Pen, { height, dot: unit }: StripMap, x: number, y: number): void {
  const size = clipMark * unit;
  pen.fillRect(x - unit, Math.min(height - size, y), 2 * unit, size);
}

export interface Hole {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Spans without a measured sample that are at least this long, oldest first. */
export function holesOf(ring: WaveRing, fromMs: number, toMs: number, leastMs: number): Hole[] {
  const blocks = Array.from({ length: ring.next - ring.first }, (_, i) => ring.first + i);
  blocks.sort((a, b) => ring.startMs(a) - ring.startMs(b));
  const holes: Hole[] = [];
  let known = fromMs;
  for (const block of blocks) {
    for (let i = 0; i < ring.count(block); i++) {
      const at = ring.startMs(block) + i * ring.periodMs(block);
      if (at <= known || at > toMs || Number.isNaN(ring.value(block, i))) continue;
      if (at - known >= leastMs) holes.push({ fromMs: known, toMs: at });
      known = at;
    }
  }
  if (toMs - known >= leastMs) holes.push({ fromMs: known, toMs });
  return holes;
}
