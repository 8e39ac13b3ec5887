// A lead on a canvas, as on paper: the sweep goes from left to right, 14 px of nothing before its head. What was not received
// is empty and stays empty; what comes late is drawn where it belongs. All strips of a page are drawn in one animation frame,
// and a frame allocates nothing. The canvas is hidden from whoever listens: its words stand beside it as text.
import { drawSpan, holesOf } from './strip-draw.ts';
import { type StripMap, secondsFor, stripMap, sweptOf, xOf } from './strip-map.ts';
import { SweepClock } from './sweep-clock.ts';
import { ringMs, type WaveBlock, WaveRing } from './wave-ring.ts';

export interface StripOptions {
  /** Length of the sweep; default: the longest at which a millimetre can be seen. 12 at most. */
  readonly seconds?: number;
  /** Words beside the mark of one millivolt; without them there is none. */
  readonly mark?: string;
  /** The server's time now, or NaN: a block older than what a strip shows is not drawn. */
  readonly serverNow: () => number;
  /** Told how long the sweep is whenever that changes. */
  readonly lasting?: (seconds: number) => void;
  /** Words for a hole that began then; NaN: since this strip began. */
  readonly holeWords: (sinceMs: number) => string;
}

export interface Strip {
  push(block: WaveBlock): void;
  /** Looks at its size and at the page's colours again. */
  resize(): void;
  /** A frozen picture stands still while the strip goes on recording. */
  freeze(on: boolean): void;
  /** A strip that is not live is empty, frozen or not. */
  live(on: boolean): void;
  /** Undefined: the longest that fits. */
  lasts(seconds: number | undefined): void;
  dispose(): void;
}

const erasePx = 14;
/** A longer pause between two frames, and all is drawn again. */
const pauseMs = 2_000;
/** Not worth words. */
const shortHoleMs = 500;
/** Whether words fit is asked this often: asking makes a string. */
const nameEveryMs = 250;
/** Before anything came it takes this long until the strip says so. */
const patienceMs = 3_000;
/** With little motion the picture moves each second. */
const calmMs = 1_000;

interface Inks {
  readonly trace: string;
  readonly surface: string;
  readonly grid: string;
  readonly strong: string;
  readonly words: string;
  readonly font: string;
}

class CanvasStrip implements Strip {
  readonly #canvas: HTMLCanvasElement;
  readonly #options: StripOptions;
  readonly #context: CanvasRenderingContext2D;
  readonly #paper: HTMLCanvasElement;
  readonly #sizes: ResizeObserver;
  readonly #clock = new SweepClock();
  #ring = new WaveRing();
  #frozen: WaveRing | null = null;
  #frozenHead = Number.NaN;
  #isLive = true;
  #seconds: number | undefined;
  #map: StripMap = stripMap(1, 1, 12);
  #inks: Inks | undefined;
  /** Everything up to here is drawn. */
  #drawn = Number.NaN;
  /** Erased up to here, in swept pixels. */
  #erased = 0;
  #isDirty = true;
  /** Newest time with a sample; a hole begins there. */
  #known = Number.NaN;
  #isNamed = false;
  #begun = performance.now();
  /** Words of an open hole are looked at again from here on. */
  #nameFrom = 0;

  constructor(canvas: HTMLCanvasElement, options: StripOptions) {
    this.#canvas = canvas;
    this.#options = options;
    this.#seconds = options.seconds;
    canvas.setAttribute('aria-hidden', 'true');
    this.#context = canvas.getContext('2d', { alpha: false }) as CanvasRenderingContext2D;
    this.#paper = document.createElement('canvas');
    this.#sizes = new ResizeObserver(() => this.resize());
    this.#sizes.observe(canvas);
    this.resize();
  }

  push(block: WaveBlock): void {
    if (!this.#isLive) return;
    const mono = performance.now();
    const serverNow = this.#options.serverNow();
    const lastsMs = (block.samples.length * 3 * 1e6) / (8 * block.rateMhz);
    if (Date.parse(block.takenAt) + lastsMs < serverNow - ringMs) return;
    // A sender's clock that ran far ahead and was set right: what it said before is in nobody's time.
    if (this.#ring.newestMs > serverNow + ringMs / 2) this.#forget();
    const newest = this.#ring.newestMs;
    const start = this.#ring.push(block);
    if (Number.isNaN(start)) return;
    if (this.#ring.newestMs > newest) this.#clock.heard(this.#ring.newestMs, this.#ring.newestMs - start, mono);
    if (start < this.#drawn) this.#isDirty = true;
  }

  resize(): void {
    const dot = devicePixelRatio;
    const width = Math.max(1, Math.round(this.#canvas.clientWidth * dot));
    const height = Math.max(1, Math.round(this.#canvas.clientHeight * dot));
    const seconds = Math.min(12, this.#seconds ?? secondsFor(this.#canvas.clientWidth));
    if (this.#map.windowMs !== seconds * 1_000 || this.#inks === undefined) this.#options.lasting?.(seconds);
    this.#canvas.dataset['seconds'] = String(seconds);
    this.#map = stripMap(width, height, seconds, dot);
    for (const one of [this.#canvas, this.#paper]) Object.assign(one, { width, height });
    this.#inks = inksOf(this.#canvas);
    drawPaper(this.#paper.getContext('2d') as CanvasRenderingContext2D, this.#map, this.#inks, this.#options.mark);
    this.#isDirty = true;
    // A size that changed has emptied the canvas: no frame may show that.
    this.frame(performance.now());
  }

  freeze(on: boolean): void {
    if (on === (this.#frozen !== null)) return;
    this.#frozen = on ? this.#ring.copy() : null;
    this.#frozenHead = this.#drawn;
    // Where the sweep stands still, for whoever measures on the picture.
    if (on) this.#canvas.dataset['head'] = String(this.#drawn);
    else delete this.#canvas.dataset['head'];
    // What is frozen is the picture as it was drawn, not another one of the same.
    if (!on) this.#isDirty = true;
  }

  live(on: boolean): void {
    if (on === this.#isLive) return;
    this.#isLive = on;
    this.#begun = performance.now();
    this.freeze(false);
    this.#forget();
  }

  #forget(): void {
    this.#ring.clear();
    this.#clock.forget();
    this.#drawn = Number.NaN;
    this.#known = Number.NaN;
    this.#isDirty = true;
  }

  lasts(seconds: number | undefined): void {
    this.#seconds = seconds;
    this.resize();
  }

  dispose(): void {
    this.#sizes.disconnect();
    const at = strips.indexOf(this);
    if (at >= 0) strips.splice(at, 1);
  }

  /** One step of the sweep. */
  frame(mono: number): void {
    if (this.#frozen) {
      if (!this.#isDirty) return;
      if (Number.isNaN(this.#frozenHead)) this.#blank(mono);
      else this.#redraw(this.#frozen, this.#frozenHead);
      return;
    }
    const head = this.#isLive ? this.#clock.at(mono) : Number.NaN;
    if (Number.isNaN(head)) {
      if (this.#isDirty) this.#blank(mono);
      return;
    }
    const passed = head - this.#drawn;
    if (this.#isDirty || !(passed >= 0 && passed < pauseMs)) this.#redraw(this.#ring, head);
    else if (passed > 0 && !(calm.matches && passed < calmMs)) this.#advance(head);
  }

  /** Nothing to show: paper, and words once nothing has come for a while. */
  #blank(mono: number): void {
    this.#context.drawImage(this.#paper, 0, 0);
    if (!this.#isLive) this.#isDirty = false;
    else if (mono - this.#begun > patienceMs) {
      this.#isDirty = false;
      this.#write(this.#options.holeWords(Number.NaN), 0);
    }
  }

  #redraw(ring: WaveRing, head: number): void {
    const { windowMs, width, dot } = this.#map;
    const gapMs = (erasePx * dot * windowMs) / width;
    this.#isDirty = false;
    this.#context.drawImage(this.#paper, 0, 0);
    const from = head - windowMs + gapMs;
    this.#trace(ring, from, head);
    this.#drawn = head;
    // From just behind the head's own ink: the line to the oldest sample begins before it, and has to go with the rest.
    this.#erased = Math.ceil(sweptOf(this.#map, head)) + Math.ceil(2 * dot);
    // What lies before the first block of all is not a hole: this strip was not there.
    const begin = Math.max(from, firstMs(ring) - 1);
    for (const { fromMs, toMs } of holesOf(ring, begin, head, shortHoleMs)) {
      this.#isNamed = false;
      this.#known = fromMs;
      this.#nameHole(toMs);
    }
  }

  #advance(head: number): void {
    const { width, height, dot } = this.#map;
    const to = Math.ceil(sweptOf(this.#map, head)) + Math.round(erasePx * dot);
    const wide = Math.min(width, to - this.#erased);
    const x = this.#erased % width;
    if (wide > 0) {
      const first = Math.min(wide, width - x);
      this.#context.drawImage(this.#paper, x, 0, first, height, x, 0, first, height);
      if (wide > first) this.#context.drawImage(this.#paper, 0, 0, wide - first, height, 0, 0, wide - first, height);
      if (x + wide >= width) this.#isNamed = false;
    }
    this.#erased = Math.max(to, this.#erased);
    const newest = this.#trace(this.#ring, this.#drawn, head);
    this.#drawn = head;
    if (!Number.isNaN(newest)) {
      this.#known = newest;
      this.#isNamed = false;
    } else if (!this.#isNamed && head >= this.#nameFrom && head - this.#known > shortHoleMs) {
      this.#nameFrom = head + nameEveryMs;
      this.#nameHole(head);
    }
  }

  #trace(ring: WaveRing, from: number, to: number): number {
    const pen = this.#context;
    pen.strokeStyle = pen.fillStyle = this.#inks?.trace ?? '';
    pen.lineWidth = 1.8 * this.#map.dot;
    pen.lineJoin = pen.lineCap = 'round';
    pen.beginPath();
    const newest = drawSpan(pen, ring, this.#map, from, to);
    pen.stroke();
    return newest;
  }

  /** Words into the hole up to `to`, on this turn of the sweep, once they have room. */
  #nameHole(to: number): void {
    const { windowMs, width, dot } = this.#map;
    const from = Math.max(this.#known, to - (to % windowMs));
    const room = ((to - from) / windowMs) * width;
    const words = this.#options.holeWords(this.#known);
    if (room < this.#widthOf(words) + this.#indent(xOf(this.#map, from)) + 8 * dot) return;
    this.#isNamed = true;
    this.#write(words, xOf(this.#map, from));
  }

  #widthOf(words: string): number {
    this.#context.font = `600 ${13 * this.#map.dot}px ${this.#inks?.font}`;
    return this.#context.measureText(words).width;
  }

  /** Words keep away from the trace, and from the mark of a millivolt. */
  #indent(x: number): number {
    const { dot } = this.#map;
    const markPx = this.#options.mark === undefined ? 0 : 64 * dot;
    return Math.max(8 * dot, markPx - x);
  }

  #write(words: string, from: number): void {
    const { baseline, dot } = this.#map;
    const x = from + this.#indent(from);
    this.#widthOf(words);
    this.#context.fillStyle = this.#inks?.words ?? '';
    this.#context.fillText(words, x, baseline - 6 * dot);
  }
}

function firstMs(ring: WaveRing): number {
  let first = Number.POSITIVE_INFINITY;
  for (let block = ring.first; block < ring.next; block++) first = Math.min(first, ring.startMs(block));
  return first;
}

/** Colours by the page's own style, so that theme and forced colours hold here too. */
function inksOf(canvas: HTMLCanvasElement): Inks {
  const style = getComputedStyle(canvas);
  const named = (name: string) => style.getPropertyValue(name).trim() || style.color;
  return {
    trace: style.color,
    surface: style.backgroundColor,
    grid: named('--strip-grid'),
    strong: named('--strip-grid-strong'),
    words: named('--strip-words'),
    font: style.fontFamily,
  };
}

/** The millimetre paper: lines each millimetre where they can be told apart, stronger ones each five. */
function drawPaper(pen: CanvasRenderingContext2D, map: StripMap, inks: Inks, mark: string | undefined): void {
  const { width, height, mm, baseline, dot } = map;
  pen.fillStyle = inks.surface;
  pen.fillRect(0, 0, width, height);
  const thin = Math.max(1, Math.round(dot));
  for (const step of mm >= 3 * dot ? [1, 5] : [5]) {
    pen.fillStyle = step === 1 ? inks.grid : inks.strong;
    for (let i = 0; i * mm <= width; i += step) pen.fillRect(Math.round(i * mm), 0, thin, height);
    const top = Math.floor(baseline / mm / step) * step;
    for (let i = -top; baseline + i * mm <= height; i += step)
      pen.fillRect(0, Math.round(baseline + i * mm), width, thin);
  }
  if (mark === undefined) return;
  pen.fillStyle = inks.words;
  const [x, line, tall] = [Math.round(10 * dot), Math.round(1.5 * dot), Math.round(10 * mm)];
  const foot = Math.min(baseline, height - line);
  pen.fillRect(x, foot - tall, line, tall);
  pen.fillRect(x - 4 * dot, foot, 8 * dot, line);
  pen.fillRect(x, foot - tall, 8 * dot, line);
  pen.font = `500 ${12 * dot}px ${inks.font}`;
  pen.fillText(mark, x + 11 * dot, foot - tall + 9 * dot);
}

/** Drawn in turn; a list, because going through it allocates nothing. */
const strips: CanvasStrip[] = [];
const calm = globalThis.matchMedia?.('(prefers-reduced-motion: reduce)');
let isRunning = false;

function frameAll(mono: number): void {
  isRunning = strips.length > 0;
  for (let i = 0; i < strips.length; i++) strips[i]?.frame(mono);
  if (isRunning) requestAnimationFrame(frameAll);
}

let isListening = false;

/** Theme, text size and contrast may change under a strip that keeps its size. */
function listenToStyle(): void {
  if (isListening) return;
  isListening = true;
  const again = () => {
    for (const strip of strips) strip.resize();
  };
  new MutationObserver(again).observe(document.documentElement, { attributes: true });
  for (const query of ['(prefers-color-scheme: light)', '(forced-colors: active)'])
    matchMedia(query).addEventListener('change', again);
}

/** A strip on this canvas, swept until it is disposed of. */
export function mountStrip(canvas: HTMLCanvasElement, options: StripOptions): Strip {
  const strip = new CanvasStrip(canvas, options);
  strips.push(strip);
  listenToStyle();
  if (!isRunning) {
    isRunning = true;
    requestAnimationFrame(frameAll);
  }
  return strip;
}
