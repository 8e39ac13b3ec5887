// The trends as charts, one below the other on one axis of time: for each vital the band from lowest to highest of a bucket and
// the mean in it. A line ends where measuring ended; a hole is hatched. The table beside holds the same.
import { useEffect, useRef } from 'preact/hooks';
import UPlot from 'uplot';
import { causeWords, signalName } from './alert-look.ts';
import { Rich } from './rich.tsx';
import { shortTime } from './times.ts';
import { isInner, type Lane, type Span, ticksOf } from './trend-data.ts';
import { t } from './words.ts';

/** Room for the numbers beside a lane, and right of it, in px of the page at usual text size. */
const leftRem = 3.25;
const rightRem = 0.5;

interface ChartProps {
  readonly lanes: readonly Lane[];
  readonly span: Span;
  /** Changes where the colours may have changed. */
  readonly theme: string;
}

/** Hidden from who listens: the summary and the table say it. */
export function TrendCharts({ lanes, span, theme }: ChartProps) {
  return (
    <div class="lanes" aria-hidden="true">
      {lanes.map((lane, i) => (
        <LaneChart key={lane.vital} lane={lane} span={span} theme={theme} isLast={i === lanes.length - 1} />
      ))}
    </div>
  );
}

interface LaneProps {
  readonly lane: Lane;
  readonly span: Span;
  readonly theme: string;
  readonly isLast: boolean;
}

function LaneChart({ lane, span, theme, isLast }: LaneProps) {
  const box = useRef<HTMLDivElement>(null);
  const shown = useRef(lane);
  const plot = useRef<UPlot | null>(null);
  shown.current = lane;

  useEffect(() => {
    const place = box.current as HTMLDivElement;
    const made = new UPlot(
      optionsOf(place, () => shown.current, isLast),
      dataOf(lane),
      place,
    );
    plot.current = made;
    const sizes = new ResizeObserver(() => made.setSize(sizeOf(place)));
    sizes.observe(place);
    return () => {
      sizes.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [theme, isLast]);
  useEffect(() => plot.current?.setData(dataOf(lane)), [lane, span.fromMs, span.toMs]);

  const isEmpty = lane.mean.every((value) => value === null);
  return (
    <div class="lane" data-vital={lane.vital} data-last={isLast ? 'yes' : 'no'}>
      <div class="plot" ref={box} />
      <p class="lane-name">
        <Rich text={signalName(lane.vital)} /> {lane.unit}
      </p>
      {isEmpty ? (
        <p class="nothing">
          <span>{t('patient.nothing', { from: shortTime(span.fromMs), to: shortTime(span.toMs) })}</span>
        </p>
      ) : null}
    </div>
  );
}

/** Columns as the chart takes them: time, highest, lowest, mean. */
export function dataOf({ at, max, min, mean }: Lane): UPlot.AlignedData {
  return [[...at], [...max], [...min], [...mean]];
}

function sizeOf(place: HTMLElement): { readonly width: number; readonly height: number } {
  return { width: Math.max(50, place.clientWidth), height: Math.max(40, place.clientHeight) };
}

/** The text size that is in force, so that numbers grow with it. */
function rem(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
}

function optionsOf(place: HTMLElement, lane: () => Lane, isLast: boolean): UPlot.Options {
  const style = getComputedStyle(place);
  const ink = (name: string) => style.getPropertyValue(name).trim() || style.color;
  const isDots = lane().vital === 'glucose';
  const unit = rem();
  const font = `500 ${Math.round(0.8 * unit)}px ${style.fontFamily}`;
  const colour = style.color;
  const band = faint(colour);
  const axis = { stroke: ink('--ink2'), font, grid: { stroke: ink('--line'), width: 1 }, ticks: { show: false } };
  const points = isDots ? { show: true, size: 0.3 * unit, fill: colour, width: 0 } : { show: false };
  const line = { stroke: colour, width: isDots ? 0 : 1.6, spanGaps: false, points };
  const edge = { stroke: band, width: 0, spanGaps: false, points: { show: false } };
  return {
    ...sizeOf(place),
    padding: [Math.round(0.55 * unit), rightRem * unit, isLast ? 0 : Math.round(0.55 * unit), 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: true, range: () => [lane().span.fromMs / 1_000, lane().span.toMs / 1_000] },
      y: { range: () => [lane().bottom, lane().top] },
    },
    series: [{}, edge, edge, isDots ? { ...line, paths: () => null } : line],
    bands: isDots ? [] : [{ series: [1, 2], fill: band }],
    axes: [
      {
        ...axis,
        size: isLast ? Math.round(1.6 * unit) : 0,
        values: isLast ? clock : () => [],
        space: 5 * unit,
        gap: 4,
      },
      {
        ...axis,
        size: leftRem * unit,
        splits: (chart) => ticksOf(lane(), nearOf(chart, lane(), unit)),
        values: (_, at) => at.map(String),
        gap: 6,
      },
    ],
    hooks: {
      drawAxes: [(chart) => drawLimits(chart, lane(), ink('--ink3'))],
      draw: [
        (chart) =>
          drawGaps(chart, lane(), { line: ink('--lane-hatch'), ink: ink('--ink'), paper: ink('--surface'), font }),
      ],
    },
  };
}

/** Two numbers nearer than this would lie over each other. */
function nearOf({ bbox }: UPlot, { bottom, top }: Lane, unit: number): number {
  return ((top - bottom) * unit * devicePixelRatio) / Math.max(1, bbox.height);
}

/** The same colour, so light that the mean is seen on it. */
function faint(colour: string): string {
  return colour.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.3)');
}

/** A time that would be cut at the end is not written. */
function clock({ scales }: UPlot, at: readonly number[]): string[] {
  const { min = 0, max = 0 } = { ...scales['x'] };
  const last = (max ?? 0) - ((max ?? 0) - (min ?? 0)) * 0.03;
  return at.map((seconds) => (seconds > last ? '' : shortTime(seconds * 1_000)));
}

/** As long as it was in force, dashed, those nearest to what is wanted stronger; where one moved, an upright step joins both. */
function drawLimits(chart: UPlot, { limits }: Lane, stroke: string): void {
  const { ctx: pen } = chart;
  const x = (ms: number) => Math.round(chart.valToPos(ms / 1_000, 'x', true));
  const y = (value: number) => Math.round(chart.valToPos(value, 'y', true)) + 0.5;
  const { left, top, width, height } = chart.bbox;
  pen.save();
  pen.beginPath();
  pen.rect(left, top, width, height);
  pen.clip();
  pen.strokeStyle = stroke;
  pen.lineWidth = 1.5 * devicePixelRatio;
  pen.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
  for (const limit of limits) {
    const { fromMs, toMs, value, rule } = limit;
    pen.globalAlpha = isInner(limit, limits) ? 1 : 0.4;
    pen.beginPath();
    pen.moveTo(x(fromMs), y(value));
    pen.lineTo(x(toMs), y(value));
    const next = limits.find((other) => other.rule === rule && other.fromMs === toMs);
    if (next) pen.lineTo(x(toMs), y(next.value));
    pen.stroke();
  }
  pen.restore();
}

interface GapInks {
  readonly line: string;
  readonly ink: string;
  readonly paper: string;
  readonly font: string;
}

/** Hatched over the whole height, with why, where there is room for words. */
function drawGaps(chart: UPlot, { gaps }: Lane, inks: GapInks): void {
  const { ctx: pen } = chart;
  const { top, height } = chart.bbox;
  const step = 9 * devicePixelRatio;
  for (const { fromMs, toMs, cause } of gaps) {
    const left = chart.valToPos(fromMs / 1_000, 'x', true);
    const right = chart.valToPos(toMs / 1_000, 'x', true);
    pen.save();
    pen.beginPath();
    pen.rect(left, top, Math.max(right - left, devicePixelRatio), height);
    pen.clip();
    pen.beginPath();
    for (let x = Math.floor((left - height) / step) * step; x < right; x += step) {
      pen.moveTo(x, top + height);
      pen.lineTo(x + height, top);
    }
    pen.strokeStyle = inks.line;
    pen.lineWidth = 1.5 * devicePixelRatio;
    pen.stroke();
    pen.restore();
    nameGap(
      pen,
      cause === null ? t('patient.noData') : causeWords(cause),
      { left, right, middle: top + height / 2 },
      inks,
    );
  }
}

function nameGap(
  pen: CanvasRenderingContext2D,
  words: string,
  { left, right, middle }: { readonly left: number; readonly right: number; readonly middle: number },
  { ink, paper, font }: GapInks,
): void {
  pen.save();
  pen.font = font.replace(/[\d.]+px/, (size) => `${Number.parseFloat(size) * devicePixelRatio}px`);
  const wide = pen.measureText(words).width + 10 * devicePixelRatio;
  const high = 18 * devicePixelRatio;
  if (wide <= right - left) {
    const x = (left + right) / 2;
    pen.fillStyle = paper;
    pen.fillRect(x - wide / 2, middle - high / 2, wide, high);
    pen.fillStyle = ink;
    pen.textAlign = 'center';
    pen.textBaseline = 'middle';
    pen.fillText(words, x, middle);
  }
  pen.restore();
}
