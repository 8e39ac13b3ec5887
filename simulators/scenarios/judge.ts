// Holds what was expected against what came. Pure.
import type { AlertEvent } from '../../contract/index.ts';
import { formatDuration } from './duration.ts';
import { isAbout } from './history.ts';
import type { Played } from './play.ts';
import type { AlertWish, Expectation, Scenario, When } from './scenario.ts';

/** One row, judged; `happened` says what was there instead. */
export interface RowVerdict {
  readonly row: Expectation | null;
  /** What was expected, in words. */
  readonly expected: string;
  readonly text: string;
  readonly place: string;
  readonly ok: boolean;
  readonly happened: readonly string[];
}

/** Every row of a scenario, and every act that could not be done. */
export function judge(scenario: Scenario, played: Played): RowVerdict[] {
  const rows = scenario.expect.map((row) => {
    const { ok, happened } = judgeRow(row, scenario, played);
    return { row, expected: inWords(row), text: row.text, place: row.place, ok, happened: ok ? [] : happened };
  });
  const undone = played.missed.map(({ atMs, why }) => {
    const given = scenario.given.find((row) => row.atMs === atMs && row.what === 'acknowledge');
    const { text = '', place = scenario.file } = given ?? {};
    return { row: null, expected: 'something to act on', text, place, ok: false, happened: [why] };
  });
  return [...rows, ...undone];
}

interface Judged {
  readonly ok: boolean;
  readonly happened: readonly string[];
}
type Of<W extends Expectation['what']> = Extract<Expectation, { what: W }>;

function judgeRow(row: Expectation, scenario: Scenario, played: Played): Judged {
  switch (row.what) {
    case 'event':
      return judgeEvent(row, played);
    case 'alert':
      return judgeAlert(row, played);
    case 'state':
      return judgeState(row, scenario, played);
    case 'quiet': {
      const open = newestOfEach(played).filter(({ alert }) => alert.state !== 'closed');
      return { ok: open.length === 0, happened: open.map(({ alert }) => `${alert.family} is ${alert.state}`) };
    }
    case 'refused': {
      const all = played.refused.filter(({ signal, reason }) => signal === row.signal && reason === row.reason);
      const lines = played.refused.map((one) => `${formatDuration(one.atMs)} refused ${one.signal} ${one.reason}`);
      return { ok: holds(row.when, all), happened: lines.length > 0 ? lines : ['nothing was refused'] };
    }
    case 'stored': {
      const count = played.stored.get(`${row.patient}/${row.signal}`) ?? 0;
      return { ok: count === row.count, happened: [`${count} are stored`] };
    }
  }
}

/** Whether one of these falls into the time, or for never: none is there. */
function holds(when: When, all: readonly { readonly atMs: number }[]): boolean {
  if (when.kind === 'never') return all.length === 0;
  return when.kind === 'at' && all.some(({ atMs }) => when.fromMs <= atMs && atMs <= when.toMs);
}

function judgeEvent({ type, alert: wish, when }: Of<'event'>, played: Played): Judged {
  const events = played.events.map(({ event }) => event);
  const about = isAbout(wish, events);
  const own = played.events.filter(({ event }) => about(event));
  const isType = ({ event }: Played['events'][number]) =>
    type === 'cleared' ? event.type === 'closed' || event.type === 'latched' : event.type === type;
  const ok = holds(
    when,
    own.filter((one) => isType(one) && isWished(one.event, wish) && isTrueOf(one.event, type, wish)),
  );
  if (ok) return { ok, happened: [] };
  const same = own.filter(isType);
  const lines = (same.length > 0 ? same : own).map(eventLine);
  return { ok, happened: lines.length > 0 ? lines : [`nothing was told of ${wish.name}`] };
}

/** "raised spo2-very-low" asks that this rule was true then, not only in the same episode. */
function isTrueOf({ alert }: AlertEvent, type: Of<'event'>['type'], { name }: AlertWish): boolean {
  if (alert.family === name || alert.cause?.code === name) return true;
  const isOver = type === 'closed' || type === 'latched' || type === 'cleared' || type === 'eased';
  return isOver || alert.rules.some(({ id }) => id === name);
}

function isWished({ alert, by, refused }: AlertEvent, wish: AlertWish): boolean {
  return (
    (wish.priority === null || alert.priority === wish.priority) &&
    (wish.by === null || by === wish.by) &&
    (wish.cause === null || alert.cause?.code === wish.cause) &&
    (wish.flag === null || alert.flags.includes(wish.flag)) &&
    (wish.refused === null || refused === wish.refused) &&
    (wish.device === null || isFrom(alert, wish.device))
  );
}

function isFrom({ scope, rules }: AlertEvent['alert'], device: string): boolean {
  return scope.startsWith(`source:${device}:`) || rules.some(({ reading }) => reading?.device === device);
}

function newestOfEach(played: Played): AlertEvent[] {
  return [...new Map(played.events.map(({ event }) => [event.alert.id, event])).values()];
}

function judgeAlert({ state, alert: wish }: Of<'alert'>, played: Played): Judged {
  const about = isAbout(
    wish,
    played.events.map(({ event }) => event),
  );
  const own = newestOfEach(played).filter(about);
  const ok = own.some(
    (event) =>
      isWished({ ...event, by: event.alert.acknowledged?.by ?? null }, wish) &&
      (state === 'open' ? event.alert.state !== 'closed' : event.alert.state === state),
  );
  const lines = own.map(({ alert }) => `${alert.family} is ${alert.state}, ${alert.priority}`);
  return { ok, happened: lines.length > 0 ? lines : [`there was no alert ${wish.name}`] };
}

/** At a time the state is in force; of a span, by its end. */
function judgeState(row: Of<'state'>, { endMs }: Scenario, { changes }: Played): Judged {
  const own = changes.filter(
    ({ change }) =>
      change.signal === row.signal &&
      (row.patient === null || change.patient === row.patient) &&
      (row.device === null || change.source === row.device),
  );
  const isIt = ({ change }: (typeof own)[number]) =>
    change.state === row.state && (row.cause === null || change.cause === row.cause);
  const sources = new Set(own.map(({ change }) => `${change.patient}/${change.source}`));
  const ofEach = [...sources].map((key) => own.filter(({ change }) => `${change.patient}/${change.source}` === key));
  const at = row.when.kind === 'at' ? row.when.toMs : endMs;
  const ok =
    row.when.kind === 'never'
      ? !ofEach.some((history) => history.some((one, i) => isIt(one) && lasts(one, history[i + 1])))
      : ofEach.some((history) => {
          const last = history.findLast(({ atMs }) => atMs <= at);
          return last !== undefined && isIt(last);
        });
  const lines = own.map(
    ({ atMs, change }) =>
      `${formatDuration(atMs)} ${change.signal} ${change.state}${change.cause ? ` ${change.cause}` : ''}`,
  );
  return { ok, happened: lines.length > 0 ? lines : [`nothing was told of ${row.signal}`] };
}

/** A state that another replaced at the same instant was none. */
function lasts(one: { readonly atMs: number }, next: { readonly atMs: number } | undefined): boolean {
  return next === undefined || next.atMs > one.atMs;
}

/** "29s raised spo2-low high (spo2-very-low, spo2-low)". */
export function eventLine({ atMs, event }: Played['events'][number]): string {
  const { alert, type, by, refused } = event;
  const rules = alert.rules.map(({ id }) => id).filter((id) => id !== alert.family);
  const why = [...rules, ...(alert.cause && alert.cause.code !== alert.family ? [alert.cause.code] : [])];
  const more = [...(by ? [`by ${by}`] : []), ...(refused ? [refused] : []), ...alert.flags];
  const whose = alert.patient === null || alert.patient === 'p-1' ? '' : ` of ${alert.patient}`;
  return [
    `${formatDuration(atMs)} ${type} ${alert.family} ${alert.priority}${whose}`,
    ...(why.length > 0 ? [`(${why.join(', ')})`] : []),
    ...more,
  ].join(' ');
}

function inWords(row: Expectation): string {
  const when = whenInWords(row.when);
  switch (row.what) {
    case 'event':
      return `${row.type} ${wishInWords(row.alert)} ${when}`;
    case 'alert':
      return `${wishInWords(row.alert)} is ${row.state} ${when}`;
    case 'state':
      return `${row.signal} is ${row.state}${row.cause ? ` (${row.cause})` : ''} ${when}`;
    case 'quiet':
      return `no alert is open ${when}`;
    case 'refused':
      return `${row.signal} is refused as ${row.reason} ${when}`;
    case 'stored':
      return `${row.count} readings of ${row.signal} are stored ${when}`;
  }
}

function whenInWords(when: When): string {
  if (when.kind === 'never') return '- never';
  if (when.kind === 'end') return 'at the end';
  if (when.fromMs === when.toMs) return `at ${formatDuration(when.fromMs)}`;
  return `between ${formatDuration(when.fromMs)} and ${formatDuration(when.toMs)}`;
}

function wishInWords({ name, priority, by, cause, flag, patient, device, refused }: AlertWish): string {
  return [
    name,
    priority,
    cause,
    flag,
    refused,
    by === null ? null : `by ${by}`,
    patient === null ? null : `of ${patient}`,
    device === null ? null : `from ${device}`,
  ]
    .filter((word) => word !== null)
    .join(' ');
}
