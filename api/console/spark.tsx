// Three hours of glucose beside its number, between its limits: dots as they were taken, no line across a hole.
import { useEffect, useRef } from 'preact/hooks';
import { limitParts } from './alert-look.ts';
import type { Past } from './history.ts';
import { trendMs } from './slope.ts';

interface SparkProps {
  readonly past: Past;
  readonly serverNow: number;
  readonly live: boolean;
  /** Draws again when this changes: colours and size. */
  readonly style: string;
}

const [lowest, highest] = [40, 260];

export function Spark({ past, serverNow, live, style }: SparkProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const minute = Math.floor(serverNow / 60_000);
  useEffect(() => {
    const { current } = canvas;
    if (!current) return;
    const draw = () => drawSpark(current, past, minute * 60_000 + 60_000, live);
    draw();
    const sizes = new ResizeObserver(draw);
    sizes.observe(current);
    return () => sizes.disconnect();
  }, [past, minute, live, style]);
  return (
    <div class="spark" aria-hidden="true">
      <canvas ref={canvas} />
    </div>
  );
}

/** The limits nearest to what is wanted: below and above which somebody is called. */
function limitsOf({ limits }: Past): number[] {
  const parts = (limits['glucose'] ?? []).flatMap((text) => limitParts(text) ?? []);
  const at = (sign: string) => parts.filter((part) => part.sign.startsWith(sign)).map(({ value }) => Number(value));
  const [low, high] = [at('<'), at('>')];
  return [...(low.length > 0 ? [Math.max(...low)] : []), ...(high.length > 0 ? [Math.min(...high)] : [])];
}

function drawSpark(canvas: HTMLCanvasElement, past: Past, now: number, live: boolean): void {
  const { clientWidth: width, clientHeight: height } = canvas;
  const dot = devicePixelRatio;
  canvas.width = Math.max(1, Math.round(width * dot));
  canvas.height = Math.max(1, Math.round(height * dot));
  const pen = canvas.getContext('2d');
  if (!pen || height < 20 || width < 50) return;
  const style = getComputedStyle(canvas);
  const size = Math.max(11, Number.parseFloat(style.fontSize));
  const room = size * 2.3;
  pen.scale(dot, dot);
  pen.globalAlpha = live ? 1 : 0.4;
  const y = (value: number) =>
    5 + ((highest - Math.min(highest, Math.max(lowest, value))) / (highest - lowest)) * (height - 10);
  const x = (at: number) => 3 + (1 - (now - at) / trendMs) * (width - room - 6);
  pen.strokeStyle = style.getPropertyValue('--edge');
  pen.fillStyle = style.getPropertyValue('--ink2');
  pen.font = `500 ${size}px ${style.fontFamily}`;
  pen.textAlign = 'right';
  pen.textBaseline = 'middle';
  pen.setLineDash([4, 4]);
  for (const limit of limitsOf(past)) {
    const at = Math.round(y(limit)) + 0.5;
    pen.beginPath();
    pen.moveTo(0, at);
    pen.lineTo(width - room, at);
    pen.stroke();
    pen.fillText(String(limit), width - 1, at);
  }
  pen.fillStyle = style.color;
  const last = past.glucose.length - 1;
  for (const [i, { at, value }] of past.glucose.entries()) {
    if (now - at > trendMs) continue;
    pen.beginPath();
    pen.arc(x(at), y(value), i === last ? 4 : 1.6, 0, 7);
    pen.fill();
  }
}
