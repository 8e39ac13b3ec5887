import {
  type AppendRecord,
  type LogHealth,
  LogUnavailableError,
  type Position,
  type StreamLog,
  type TopicName,
} from '../../contract/index.ts';

/**
 * What becomes of one append. All but `sound` reject it: `lost` leaves nothing, `whole` has written all of it, `partly` the
 * first half, and of `late` a copy lands behind the next append that succeeds. No driver can exclude these (`kafka.md` 6).
 */
export type AppendFault = 'sound' | 'lost' | 'whole' | 'partly' | 'late';

/** A log whose appends go as `next` says, one answer for each. Everything else is the log behind it. */
export function unreliable(log: StreamLog, next: () => AppendFault): StreamLog {
  const late: (() => Promise<unknown>)[] = [];
  const rejected = () => new LogUnavailableError('LOG_UNAVAILABLE', 'rejected by the switch');
  const append = async (
    topic: TopicName,
    records: readonly AppendRecord[],
    options: Parameters<StreamLog['append']>[2],
  ): Promise<readonly Position[]> => {
    const fault = next();
    if (fault === 'whole') await log.append(topic, records, options);
    if (fault === 'partly') await log.append(topic, records.slice(0, Math.ceil(records.length / 2)), options);
    if (fault === 'late') late.push(() => log.append(topic, records, options));
    if (fault !== 'sound') throw rejected();
    const positions = await log.append(topic, records, options);
    for (const copy of late.splice(0)) await copy();
    return positions;
  };
  return {
    append,
    partitions: (topic) => log.partitions(topic),
    read: (topic, partition, from, options) => log.read(topic, partition, from, options),
    bounds: (topic, partition) => log.bounds(topic, partition),
    health: (): LogHealth => log.health(),
    [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
  };
}
