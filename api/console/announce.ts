// What is said to who listens instead of looking (console.md 2, LR): changes only, never a value. Pure.
import { causeWords, inOrder, subjectOf } from './alert-look.ts';
import type { Ward } from './fold.ts';
import type { LinkState } from './link.ts';
import { shortTime } from './times.ts';
import { bedOf, isLive } from './view-state.ts';
import type { AlertView } from './wire.ts';
import { t } from './words.ts';

export interface Saying {
  /** At once, or when there is time. */
  readonly how: 'polite' | 'assertive';
  readonly text: string;
}

export interface Heard {
  readonly ward: Ward;
  readonly link: LinkState;
}

/** What has to be said between two states of a screen. */
export function sayings(before: Heard, after: Heard): Saying[] {
  const [was, is] = [isLive(before.link), isLive(after.link)];
  // The banner itself says that a screen is not live; what came meanwhile is in the snapshot, and is looked at.
  if (!is) return [];
  if (!was) return [{ how: 'polite', text: t('say.live') }];
  const slow = after.link === 'slow' && before.link === 'live' ? [polite(t('say.slow'))] : [];
  return [
    ...slow,
    ...raised(before.ward, after.ward),
    ...taken(before.ward, after.ward),
    ...watched(before.ward, after.ward),
  ];
}

const polite = (text: string): Saying => ({ how: 'polite', text });

function calls(alert: AlertView | undefined): boolean {
  return (
    alert !== undefined && (alert.state === 'active' || alert.state === 'latched' || alert.state === 'needs-review')
  );
}

/** Alerts that call and did not, or call louder; many at once are one saying. */
function raised(before: Ward, after: Ward): Saying[] {
  const fresh = [...after.alerts.values()]
    .map(({ alert }) => alert)
    .filter((alert) => {
      const old = before.alerts.get(alert.id)?.alert;
      return calls(alert) && (!calls(old) || old?.signalPriority !== alert.signalPriority);
    });
  const [worst] = inOrder(fresh);
  if (!worst) return [];
  const keys = { high: 'alert.high', medium: 'alert.medium', low: 'alert.low' } as const;
  const technical = {
    high: 'alert.technical.high',
    medium: 'alert.technical.medium',
    low: 'alert.technical.low',
  } as const;
  const kind = t((worst.kind === 'technical' ? technical : keys)[worst.signalPriority]);
  const what = fresh.length === 1 ? `${kind}, ${subjectOf(worst).what}` : kind;
  const beds = [
    ...new Set(fresh.flatMap(({ patient }) => (patient ? [t('vital.bed', { bed: bedOf(patient.bed) })] : []))),
  ];
  const text = t('say.alerts', { count: fresh.length, what, beds: beds.join(', ') }).replace(/[:,]\s*$/, '');
  return [{ how: worst.signalPriority === 'high' ? 'assertive' : 'polite', text }];
}

/** Somebody took one, or one is over. */
function taken(before: Ward, after: Ward): Saying[] {
  return [...before.alerts.values()].flatMap(({ alert: old }) => {
    const now = after.alerts.get(old.id)?.alert;
    const bed = old.patient ? bedOf(old.patient.bed) : '';
    const { what } = subjectOf(old);
    if (now === undefined) return old.state === 'retrospective' ? [] : [polite(t('say.over', { what, bed }))];
    if (now.state !== 'acknowledged' || old.state === 'acknowledged') return [];
    return [polite(t('say.took', { name: now.acknowledged?.name ?? '', what, bed }))];
  });
}

/** Patients who are not watched any more, or are again. */
function watched(before: Ward, after: Ward): Saying[] {
  return [...after.tiles].flatMap(([id, { value: tile }]) => {
    const old = before.tiles.get(id)?.value.monitoring.state;
    const { state, cause } = tile.monitoring;
    const bed = bedOf(tile.patient.bed);
    if (old === undefined || old === state) return [];
    if (state === 'not-monitored') {
      const words = cause === null ? t('cause.waiting') : causeWords(cause);
      return [{ how: 'assertive' as const, text: t('say.notMonitored', { bed, cause: words }) }];
    }
    if (old !== 'not-monitored') return [];
    const [gap] = tile.unwatched;
    return [
      polite(
        gap ? t('say.backGap', { bed, from: shortTime(gap.from), to: shortTime(gap.to) }) : t('say.back', { bed }),
      ),
    ];
  });
}
