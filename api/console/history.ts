// What the wall shows of before: the limits in force and three hours of glucose, asked for one patient after the other. It only
// adds: without it there is no limit, no arrow and no line, and nothing else changes.
import { signal } from '@preact/signals';
import { seriesOf } from './client.ts';
import { type Stream, serverTime } from './follow.ts';
import { type Point, slopeOf, trendMs, withReading } from './slope.ts';
import type { TileView } from './wire.ts';

export interface Past {
  readonly limits: Readonly<Record<string, readonly string[]>>;
  readonly glucose: readonly Point[];
  /** mg/dL a minute by the last 15 minutes; null: unknown. */
  slope(now: number): number | null;
}

export type History = ReadonlyMap<string, Past>;

const againMs = 5 * 60_000;
/** After an answer that did not come. */
const soonMs = 10_000;
/** Between two questions: eight patients take two seconds, and nobody else waits for them. */
const pauseMs = 80;
/** Above this a tile has no room for limits and lines. */
const patientsMax = 16;

function pastOf(limits: Past['limits'], glucose: readonly Point[]): Past {
  return { limits, glucose, slope: (now) => slopeOf(glucose, now) };
}

/** Keeps what is known of before; asks again each five minutes while the screen is live. */
export function followHistory(stream: Stream) {
  const history = signal<History>(new Map());
  const dueAt = new Map<string, number>();
  let isAsking = false;

  /** True: everything came. */
  async function ask(tile: TileView): Promise<boolean> {
    const { id } = tile.patient;
    const limits: Record<string, readonly string[]> = {};
    let glucose: readonly Point[] = [];
    for (const { vital } of tile.measurements) {
      const now = serverTime(stream.heard.value, performance.now());
      const series = await seriesOf(id, vital, now, vital === 'glucose' ? trendMs : 60_000);
      if (!series) return false;
      limits[vital] = series.limits.map(({ limit }) => limit);
      const from = Date.parse(series.from);
      if (vital === 'glucose') glucose = series.rows.map(([t, , , mean]) => ({ at: from + t, value: mean }));
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
    history.value = new Map(history.value).set(id, pastOf(limits, glucose));
    return true;
  }

  async function askAll(): Promise<void> {
    if (isAsking) return;
    isAsking = true;
    try {
      for (const { value } of stream.heard.value.ward.tiles.values()) {
        const { id } = value.patient;
        if (performance.now() < (dueAt.get(id) ?? 0)) continue;
        dueAt.set(id, performance.now() + ((await ask(value)) ? againMs : soonMs));
      }
    } finally {
      isAsking = false;
    }
  }

  /** Takes in what came live, so that the arrow is not five minutes behind. */
  function takeIn(): void {
    let next: Map<string, Past> | null = null;
    for (const [id, past] of history.value) {
      const tile = stream.heard.value.ward.tiles.get(id)?.value;
      const glucose = withReading(
        past.glucose,
        tile?.measurements.find(({ vital }) => vital === 'glucose'),
      );
      if (glucose === past.glucose) continue;
      next ??= new Map(history.value);
      next.set(id, pastOf(past.limits, glucose));
    }
    if (next) history.value = next;
  }

  setInterval(() => {
    const { link, ward } = stream.heard.value;
    if (link !== 'live' || ward.tiles.size > patientsMax) return;
    takeIn();
    void askAll();
  }, 1_000);
  return history;
}
