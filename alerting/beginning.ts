// Where a session of a partition begins (`records.md` 6): the newest complete generation that can be restored and that the
// log's bounds allow, else an empty state at the first record still kept. Whatever is passed over is announced.
import { type Position, PositionOutsideLogError } from '../contract/index.ts';
import type { CoreEvent, PartitionEngine } from './core/index.ts';
import type { UnwrittenEvent } from './events.ts';
import type { CreateEngine, PartitionOptions, PartitionPorts } from './options.ts';
import { type FoundSnapshots, type LoadedGeneration, readSnapshots } from './snapshot-reader.ts';
import { sha256 } from './snapshot-records.ts';

export interface BeginningParts {
  readonly options: PartitionOptions;
  readonly ports: PartitionPorts;
  readonly createEngine: CreateEngine;
  readonly signal: AbortSignal;
}

export interface Beginning {
  readonly engine: PartitionEngine;
  /** Told by the restore: patients whose state is lost. */
  readonly events: UnwrittenEvent[];
  readonly found: FoundSnapshots;
  /** The generation restored; undefined: the state is empty. */
  readonly base: LoadedGeneration | undefined;
  readonly from: Position;
  readonly end: Position;
  readonly alertsFrom: Position;
  /** Records between the state and the first one kept are gone. */
  readonly inputsLost: boolean;
}

/** Finds and restores it; rejects with `LogUnavailableError` if the log cannot be read. */
export async function begin({ options, ports, createEngine, signal }: BeginningParts): Promise<Beginning> {
  const { partition } = options;
  const found = await readSnapshots(ports.log, partition, signal);
  const { low, high } = await ports.log.bounds('inputs', partition);
  if (found.torn > 0) ports.announce('warning', `snapshots/${partition}: ${found.torn} incomplete, passed over`);
  const usable = found.complete.filter(({ commit }) => commit.inputs <= high);
  if (usable.length < found.complete.length)
    ports.announce('error', `inputs/${partition}: the log ends before its newest state, which is not used`);
  const restored = restoreNewest(usable, options, ports, createEngine);
  const wanted = restored.base?.commit.inputs ?? 0;
  const inputsLost = wanted < low;
  if (inputsLost) {
    const { message } = new PositionOutsideLogError('inputs', partition, wanted, low, high);
    ports.announce('error', `records that nobody judged are gone: ${message}`);
  }
  const alertsFrom = restored.base?.commit.alerts ?? 0;
  return { ...restored, found, from: Math.max(wanted, low), end: high, alertsFrom, inputsLost };
}

function restoreNewest(
  generations: readonly LoadedGeneration[],
  { partition, partitions }: PartitionOptions,
  { announce }: PartitionPorts,
  createEngine: CreateEngine,
): Pick<Beginning, 'engine' | 'events' | 'base'> {
  for (const base of generations) {
    const engine = createEngine({ sha256, partition, partitions });
    try {
      return { engine, events: restore(engine, base), base };
    } catch (error) {
      const why = error instanceof Error ? error.message : 'an error';
      announce('error', `snapshots/${partition}: a generation cannot be restored: ${why}`);
    } finally {
      if (base.corrupt.length > 0)
        announce('error', `snapshots/${partition}: ${base.corrupt.length} entries cannot be read`);
    }
  }
  return { engine: createEngine({ sha256, partition, partitions }), events: [], base: undefined };
}

/** Entries that cannot be read are handed over as nothing: the core says whose they were. */
function restore(engine: PartitionEngine, base: LoadedGeneration): UnwrittenEvent[] {
  const events: CoreEvent[] = [];
  engine.restore([...base.entries, ...base.corrupt.map((key) => ({ key, state: null }))], events);
  return events.map((event) => ({ event, input: base.commit.inputs }));
}
