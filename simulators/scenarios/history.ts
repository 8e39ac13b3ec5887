// Which alert a name means, over the whole of its life.
import type { AlertEvent } from '../../contract/index.ts';
import type { Subject } from './scenario.ts';

/** Tells events of alerts that go by a name: the family's, or those in which a rule of that name was ever true. */
export function isAbout({ name, patient }: Subject, events: readonly AlertEvent[]): (event: AlertEvent) => boolean {
  const ids = new Set(
    events.flatMap(({ alert }) =>
      alert.family === name || alert.rules.some(({ id }) => id === name) || alert.cause?.code === name
        ? [alert.id]
        : [],
    ),
  );
  return ({ alert }) => ids.has(alert.id) && (patient === null || alert.patient === patient);
}
