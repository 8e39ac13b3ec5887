// The host of the judgement: feeds the core with `inputs`, writes what it decides to `alerts`, tells the log what time it
// is and keeps the core's state, partition by partition. Inputs: the log and the clock, nothing else. Invariants: see
// `session.ts` (order of effects, ownership) and `ticks.ts` (time). On failure it says so in its status, goes on
// with what it can, and ends the process for a mistake of its own; the log brings everything back.
import { type Position, partitionOf, type RoleStatus, type RunningRole } from '../contract/index.ts';
import { NoSuchPartitionError } from './errors.ts';
import { AlertingOptions, type AlertingPorts, type CreateEngine } from './options.ts';
import { partitionKey } from './owner.ts';
import { PartitionHost, type PartitionStatus } from './partition.ts';

export interface RunningAlerting extends RunningRole {
  /** Resolves once every record of the partition before `position` is judged and what it decided is durable. */
  settled(partition: number, position: Position): Promise<void>;
}

/** Starts the host of each partition and returns at once; `status` says when it owns them. */
export function startHosts(
  options: AlertingOptions,
  ports: AlertingPorts,
  createEngine: CreateEngine,
): RunningAlerting {
  const { partitions: wanted, ...checked } = AlertingOptions.parse(options);
  const partitions = ports.log.partitions('inputs');
  const chosen = wanted ?? Array.from({ length: partitions }, (_, partition) => partition);
  const missing = chosen.find((partition) => partition >= partitions);
  if (missing !== undefined) throw new NoSuchPartitionError(missing, partitions);
  const systemPartition = partitionOf(partitionKey, partitions);
  const whole = withDefaults(ports);
  const hosts = new Map<number, PartitionHost>();
  for (const partition of new Set(chosen)) {
    const tellsSystem = partition === systemPartition;
    hosts.set(partition, new PartitionHost({ ...checked, partition, partitions, tellsSystem }, whole, createEngine));
  }
  for (const host of hosts.values()) host.start();
  let isStopping = false;
  return {
    status: () =>
      together(
        [...hosts.values()].map((host) => host.status),
        isStopping,
      ),
    settled(partition, position) {
      const host = hosts.get(partition);
      if (host === undefined) throw new NoSuchPartitionError(partition, partitions);
      return host.settled(position);
    },
    async [Symbol.asyncDispose]() {
      isStopping = true;
      await Promise.all([...hosts.values()].map((host) => host[Symbol.asyncDispose]()));
    },
  };
}

function withDefaults(ports: AlertingPorts): Required<AlertingPorts> {
  return { timesStuck: () => 0, busyMs: threadBusyMs, needs: () => {}, fatal: endProcess, ...ports };
}

function threadBusyMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Thrown where nobody can catch it: the process ends, its parent starts it again. */
function endProcess(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}

/** One status of all partitions: counters add up, ages are the worst, each cause is named once. */
function together(all: readonly PartitionStatus[], isStopping: boolean): RoleStatus {
  const counters: Record<string, number> = {};
  const gauges: Record<string, number> = {};
  for (const one of all) {
    for (const [name, value] of Object.entries(one.counters)) counters[name] = (counters[name] ?? 0) + value;
    for (const [name, value] of Object.entries(one.gauges)) {
      const sofar = gauges[name] ?? 0;
      gauges[name] = name.endsWith('-ms') ? Math.max(sofar, value) : sofar + value;
    }
  }
  const causes = [...new Set(all.flatMap((one) => one.causes))].sort();
  return { role: 'alerting', state: isStopping ? 'stopping' : stateOf(causes), causes, counters, gauges };
}

function stateOf(causes: readonly string[]): RoleStatus['state'] {
  if (causes.length === 0) return 'ok';
  if (causes.includes('log-down') || causes.includes('engine-stuck')) return 'down';
  return causes.includes('catching-up') ? 'starting' : 'degraded';
}
