// Alerts as people read them (console.md 2, per alert): one line each, and their order. Pure but for the language.
import type { OpenAlert } from './fold.ts';
import type { BandLook, BandView, Glyph, Priority } from './look.ts';
import { duration, shortTime } from './times.ts';
import type { AlertView, Measurement } from './wire.ts';
import { maybe, t } from './words.ts';

const rank = { high: 3, medium: 2, low: 1 } as const;
export const DASHES = '- - -';

/** When and on what an alert is looked at. */
export interface Look {
  readonly live: boolean;
  /** The server's time now, ms. */
  readonly serverNow: number;
  /** The patient's newest measurements: what a latched alert's number is now. */
  readonly measurements?: readonly Measurement[];
}

const names: Readonly<Record<string, string>> = {
  ecg: 'ECG',
  I: 'ECG I',
  II: 'ECG II',
  III: 'ECG III',
  pleth: 'Pleth',
};

/** The name of a vital or a lead. */
export function signalName(signal: string): string {
  return maybe(`vital.${signal}`) ?? names[signal] ?? signal;
}

/** Words of a cause, for people; one that this build has no words for is said as it is. */
export function causeWords(cause: string | null): string {
  return cause === null ? '' : (maybe(`cause.${cause}`) ?? cause.replaceAll('-', ' '));
}

function familyWords(family: string): string {
  return maybe(`alert.family.${family}`) ?? family.replaceAll('-', ' ');
}

/** A number as it is said, or the word for one beyond what the device can tell. */
export function numberText(one: {
  readonly value?: number | undefined;
  readonly bound?: 'below' | 'above' | undefined;
}): string {
  if (one.bound !== undefined) return t(one.bound === 'below' ? 'state.low' : 'state.high');
  return one.value === undefined ? DASHES : String(one.value);
}

/** The last number of a measurement and when it was true. */
export function lastOf(measurement: Measurement): { readonly text: string; readonly takenAt: string } | null {
  if (measurement.state === 'never') return null;
  if (measurement.state === 'live' || measurement.state === 'degraded')
    return { text: numberText(measurement), takenAt: measurement.takenAt };
  return measurement.last && { text: numberText(measurement.last), takenAt: measurement.last.takenAt };
}

interface Subject {
  readonly what: string;
  readonly number: string;
  readonly unit: string;
  readonly spoken: string;
}

const signs = {
  '<=': ['≤', 'alert.limit.atOrBelow'],
  '>=': ['≥', 'alert.limit.atOrAbove'],
  '<': ['<', 'alert.limit.below'],
  '>': ['>', 'alert.limit.above'],
} as const;

/** Sign, number and unit of a limit: "<= 88 %". */
export function limitParts(limit: string | null) {
  const match = /^(<=|>=|<|>) (\S+) (\S+)$/.exec(limit ?? '');
  if (!match) return null;
  const [, sign = '', value = '', unit = ''] = match;
  const [shown, key] = signs[sign as keyof typeof signs];
  return { sign, shown, value, unit, spoken: t(key, { limit: value }) };
}

/** What an alert is about. */
export function subjectOf(alert: AlertView): Subject {
  const rule = alert.rules[0];
  const reading = rule?.reading;
  if (!rule || !reading) {
    const what = alert.kind === 'technical' ? technicalWords(alert) : familyWords(alert.family);
    return { what, number: '', unit: '', spoken: what };
  }
  const what = signalName(reading.vital);
  const value = lastOf(reading)?.text ?? DASHES;
  const limit = limitParts(rule.limit);
  const number = [value, limit ? `${limit.shown}\u00a0${limit.value}` : (rule.limit ?? '')].join(' ').trim();
  const unit = limit?.unit ?? reading.unit;
  return { what, number, unit, spoken: [`${what} ${value} ${unit}`, ...(limit ? [limit.spoken] : [])].join(', ') };
}

function technicalWords(alert: AlertView): string {
  const cause = causeWords(alert.cause?.code ?? null);
  const [, , signal] = alert.scope.split(':');
  return signal === undefined ? cause || familyWords(alert.family) : `${signalName(signal)} ${cause}`;
}

/** One line of an alert: what, how much, against which limit. */
export function alertText(alert: AlertView): string {
  const { what, number, unit } = subjectOf(alert);
  return [what, number, number === '' ? '' : unit].filter((part) => part !== '').join(' ');
}

/** 2: calls for a person; 1: somebody has it; 0: held back, or found later. */
function calling({ state }: AlertView): number {
  if (state === 'acknowledged') return 1;
  return state === 'paused' || state === 'retrospective' ? 0 : 2;
}

/** What is annunciated; a limit that was changed calls as a low one, whatever it was. */
function weight(alert: AlertView): number {
  return alert.state === 'needs-review' ? rank.low : rank[alert.signalPriority];
}

const isBody = ({ kind }: AlertView) => (kind === 'physiological' ? 1 : 0);
const byAge = (a: AlertView, b: AlertView) => a.onsetAt.localeCompare(b.onsetAt) || a.id.localeCompare(b.id);

/** For the one band of a tile: who calls for a person, then the worst, physiology before technique, the oldest. */
export function inOrder(alerts: readonly AlertView[]): AlertView[] {
  return [...alerts].sort(
    (a, b) => calling(b) - calling(a) || weight(b) - weight(a) || isBody(b) - isBody(a) || byAge(a, b),
  );
}

/** For a list: the worst, who calls for a person, the oldest; so a new row enters only in its class. */
export function inListOrder(alerts: readonly AlertView[]): AlertView[] {
  return [...alerts].sort((a, b) => weight(b) - weight(a) || calling(b) - calling(a) || byAge(a, b));
}

const spokenPriority = { high: 'alert.high', medium: 'alert.medium', low: 'alert.low' } as const;
const spokenTechnical = {
  high: 'alert.technical.high',
  medium: 'alert.technical.medium',
  low: 'alert.technical.low',
} as const;

/** One alert as a band. */
export function bandOf(entry: OpenAlert, look: Look): BandView {
  const { alert } = entry;
  const subject = subjectOf(alert);
  const kind = alert.kind === 'technical' ? spokenTechnical : spokenPriority;
  const base: BandView = {
    look: alert.kind === 'technical' ? 'technical' : alert.signalPriority,
    priority: alert.signalPriority,
    glyph: glyphOf(alert),
    what: subject.what,
    number: subject.number,
    unit: subject.unit,
    marks: marksOf(entry),
    time: look.live ? duration(look.serverNow - Date.parse(alert.onsetAt)) : '',
    more: 0,
    flash: alert.signalPriority === 'low' ? null : alert.signalPriority,
    spoken: `${t(kind[alert.signalPriority])}, ${subject.spoken}`,
  };
  const shaped = { ...base, ...byState(alert, subject, look) };
  return look.live ? shaped : { ...shaped, look: 'as-of', time: '', flash: null };
}

function glyphOf(alert: AlertView): Glyph {
  if (alert.kind === 'physiological') return alert.signalPriority;
  return alert.scope.startsWith('source:') ? 'ring' : 'cross';
}

/** What each state of an alert's life changes of a band. */
function byState(alert: AlertView, subject: Subject, look: Look): Partial<BandView> {
  const { what } = subject;
  switch (alert.state) {
    case 'acknowledged': {
      const name = alert.acknowledged?.name ?? '';
      const spoken = [t('alert.acknowledged'), name, subject.spoken].filter((part) => part !== '').join(', ');
      return { look: 'acknowledged', glyph: 'check', time: name, flash: null, spoken };
    }
    case 'latched': {
      const number = latchedNumber(alert, look);
      return { number, unit: '', spoken: `${t(spokenPriority[alert.signalPriority])}, ${what} ${number}` };
    }
    case 'paused': {
      const text = t('alert.paused', { what: familyWords(alert.family) });
      const { until } = { ...(alert.paused as { until?: string } | null) };
      const time = until === undefined ? '' : duration(Date.parse(until) - look.serverNow);
      return { look: 'paused', glyph: 'pause', what: text, number: '', unit: '', time, flash: null, spoken: text };
    }
    case 'needs-review': {
      const spoken = `${t('alert.review')}, ${subject.spoken}`;
      return { ...plain('review', 'question', t('alert.review')), priority: alert.peak, spoken };
    }
    case 'retrospective':
      return { look: 'later', glyph: 'clock-back', flash: null, spoken: `${t('alert.foundLater')}, ${subject.spoken}` };
    default:
      return {};
  }
}

function plain(look: BandLook, glyph: Glyph, what: string): Partial<BandView> {
  return { look, glyph, what, number: '', unit: '', flash: null };
}

/** "was 84, now 95": the number that decided, and the current one if there is one. */
function latchedNumber({ rules }: AlertView, { measurements = [] }: Look): string {
  const reading = rules[0]?.reading;
  const was = (reading && lastOf(reading)?.text) ?? DASHES;
  const now = measurements.find(({ vital }) => vital === reading?.vital);
  const isCurrent = now?.state === 'live' || now?.state === 'degraded';
  return isCurrent ? t('alert.latched', { was, now: numberText(now) }) : t('alert.latchedUnknown', { was });
}

/** Small words: what is doubtful about it, and what became of it. */
function marksOf({ alert, said }: OpenAlert): BandView['marks'] {
  const flags = alert.flags.map((flag) => ({
    glyph: flag === 'data-lost' ? ('ring' as const) : null,
    text: t(flagWords[flag]),
  }));
  if (alert.state !== 'active' && alert.state !== 'latched') return flags;
  if (said === 'escalated') return [{ glyph: 'up', text: t('alert.escalated') }, ...flags];
  const word = said === 'reasserted' || said === 'worsened' || said === 'eased' ? t(saidWords[said]) : null;
  return word === null ? flags : [{ glyph: null, text: word }, ...flags];
}

const flagWords = {
  'data-lost': 'alert.dataLost',
  unconfirmed: 'alert.unconfirmed',
  doubtful: 'alert.doubtful',
  late: 'alert.late',
} as const;
const saidWords = { reasserted: 'alert.again', worsened: 'alert.worse', eased: 'alert.eased' } as const;

/** The one band of a tile: the worst, and how many more there are; what was found late calls nobody and has none. */
export function tileBand(entries: readonly OpenAlert[], look: Look): BandView {
  const shown = entries.filter(({ alert }) => alert.state !== 'retrospective');
  const [worst] = inOrder(shown.map(({ alert }) => alert));
  const entry = shown.find(({ alert }) => alert === worst);
  if (!entry) return look.live ? empty(t('alert.none')) : empty(t('alert.notKnown'));
  return { ...bandOf(entry, look), more: shown.length - 1 };
}

/** No alert is open, or nobody knows. */
function empty(what: string): BandView {
  const nothing = {
    look: 'none',
    priority: null,
    glyph: null,
    number: '',
    unit: '',
    marks: [],
    time: '',
    more: 0,
  } as const;
  return { ...nothing, what, flash: null, spoken: what };
}

/** "was SpO2 84 < 90, over 14:03": of one that ended. */
export function wasText(alert: AlertView): string {
  return t('alert.was', { what: alertText(alert), time: alert.closedAt === null ? '' : shortTime(alert.closedAt) });
}

/** Its priority in words, for lists and the sheet. */
export function priorityWords(priority: Priority): string {
  const keys = { high: 'alert.priority.high', medium: 'alert.priority.medium', low: 'alert.priority.low' } as const;
  return t(keys[priority]);
}
