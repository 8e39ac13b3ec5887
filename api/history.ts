// The events of one alert, read from the log again: only their positions are kept in memory.
import type { AlertEvent, Position } from '../contract/index.ts';
import type { HeldAlert } from './alert-board.ts';
import type { ApiContext } from './context.ts';
import { openDeadline } from './deadline.ts';
import { storeQueryWithinMs } from './limits.ts';
import { eventOf } from './live/replay.ts';

/** All events of the alert that the log still holds, oldest first. */
export async function readEvents(
  { positions }: HeldAlert,
  { ports, projection }: Pick<ApiContext, 'ports' | 'projection'>,
): Promise<AlertEvent[]> {
  using limit = openDeadline(ports.clock, storeQueryWithinMs);
  const { low } = await ports.log.bounds('alerts', 0);
  const events: AlertEvent[] = [];
  for (const position of positions) {
    const event = position < low ? undefined : await readOne(position);
    if (event) events.push(event);
  }
  return events;

  async function readOne(position: Position): Promise<AlertEvent | undefined> {
    const options = { signal: limit.signal, maxRecords: 1 };
    for await (const { records } of ports.log.read('alerts', 0, position, options)) {
      const record = records.find((each) => each.position === position);
      return record && eventOf(record, projection.alerts);
    }
    throw limit.signal.reason;
  }
}
