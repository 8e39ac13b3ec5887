// Load for a store: so many readers that ask for the most expensive answers again and again, until they are stopped.
import type { TimeSeriesStore } from '../../contract/index.ts';

export interface HeavyQueries {
  /** Answers so far. */
  readonly answered: () => number;
  /** Ends all of them; resolves with the number of answers, rejects if one failed. */
  stop(): Promise<number>;
}

/** Starts `readers` endless readers over all that the patient has. */
export function startHeavyQueries(
  store: TimeSeriesStore,
  options: {
    readonly readers: number;
    readonly patient: string;
    readonly vital: number;
    readonly from: number;
    readonly to: number;
  },
): HeavyQueries {
  const { readers, patient, vital, from, to } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  let answered = 0;
  const bucketMs = Math.max(1_000, Math.ceil((to - from) / 50_000));
  const loop = async (reader: number) => {
    while (!signal.aborted) {
      if (reader % 2 === 0) await store.series({ patient, vital, from, to, bucketMs, gapMs: 30_000 }, { signal });
      else await store.range({ patient, vital, from, to, limit: 50_000 }, { signal });
      answered++;
    }
  };
  const loops = Array.from({ length: readers }, (_, reader) =>
    loop(reader).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    }),
  );
  return {
    answered: () => answered,
    stop: async () => {
      stopping.abort(new Error('the load is stopped'));
      await Promise.all(loops);
      return answered;
    },
  };
}
