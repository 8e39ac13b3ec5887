// A row of `expect`: what has to come of it, and when.
import {
  type AlertEventType,
  alertFlags,
  alertStates,
  monitoringStates,
  type Priority,
  refusalReasons,
  type TechnicalCause,
  technicalCauses,
} from '../../contract/index.ts';
import { type Cast, signalNames } from './cast.ts';
import { durationHint, parseDuration } from './duration.ts';
import type { AlertWish, Expectation, ExpectedState, When } from './scenario.ts';
import { readOptions, type Words } from './words.ts';

type Body = Expectation extends infer E ? (E extends Expectation ? Omit<E, 'text' | 'place' | 'when'> : never) : never;

/** Names that an alert can go by: rules and families of the rule set in force. */
export interface Vocabulary {
  readonly rules: readonly string[];
  readonly families: readonly string[];
}

/** Families of technical alerts that are named otherwise than their cause. */
const technicalFamilies = ['degraded', 'patient-not-monitored', ...technicalCauses];
/** Other words for the same. */
const alsoCalled: Readonly<Record<string, string>> = { 'probe-off': 'lead-off' };

const priorities: readonly Priority[] = ['high', 'medium', 'low'];
const refusals = ['unknown-alert', 'revision', 'closed', 'not-active'];

const events = [
  'raised',
  'worsened',
  'eased',
  'acknowledged',
  'ack-refused',
  'reasserted',
  'latched',
  'closed',
  'cleared',
  'needs-review',
  'data-lost',
  'data-back',
  'updated',
] as const satisfies readonly (AlertEventType | 'cleared')[];
const others = ['state', 'quiet', 'refused', 'stored'] as const;
const endStates: readonly ExpectedState[] = ['open', ...alertStates];

/** Events of the contract that no engine of this version tells: expecting one, or none, would say nothing. */
const notYet = [
  'paused',
  'resumed',
  'handed-over',
  'declined',
  'escalated',
  'retrospective',
  'revised',
  'noted',
  'inhibited',
  'released',
  'latency',
] as const;

export function readWhen(words: Words): When {
  const text = String(words.take('a time'));
  if (text === 'never' || text === 'end') return { kind: text };
  const [from = '', to = from, ...more] = text.split('..');
  const fromMs = parseDuration(from);
  const toMs = parseDuration(to);
  if (fromMs === undefined || toMs === undefined || more.length > 0)
    return words.fault(`${text}: ${durationHint}, a span such as 40s..45s, never or end`);
  if (toMs < fromMs) return words.fault(`${text}: the span ends before it begins`);
  return { kind: 'at', fromMs, toMs };
}

/** Reads what stands after the time. */
export function readExpected(words: Words, when: When, cast: Cast, vocabulary: Vocabulary): Body {
  const names = when.kind === 'end' ? [...endStates, ...others] : [...events, ...others];
  const what = words.name('thing to expect', [...new Set<string>([...names, ...notYet])]);
  if ((notYet as readonly string[]).includes(what)) return words.fault(`${what}: not judged yet`);
  switch (what) {
    case 'state':
      return readState(words, cast);
    case 'quiet':
    case 'stored':
      if (when.kind !== 'end') return words.fault(`${what} is asked at the end only`);
      return what === 'quiet' ? { what } : readStored(words, cast);
    case 'refused':
      if (when.kind === 'end') return words.fault('refused is asked at a time, or never');
      return {
        what,
        signal: words.name('signal', signalNames),
        reason: words.name('reason', refusalReasons),
      };
    default: {
      const alert = readWish(words, cast, vocabulary);
      if (when.kind === 'end') return { what: 'alert', state: what as ExpectedState, alert };
      return { what: 'event', type: what as (typeof events)[number], alert };
    }
  }
}

function readState(words: Words, cast: Cast): Body {
  const signal = words.name('signal', signalNames);
  const state = words.name('state', [...monitoringStates, 'ended'] as const);
  let cause: TechnicalCause | null = null;
  let patient: string | null = null;
  let device: string | null = null;
  readOptions(
    words,
    {
      of: (id) => {
        patient = cast.patient(words, id);
      },
      from: (id) => {
        device = cast.device(words, id).id;
      },
    },
    (word) => {
      const name = alsoCalled[word] ?? word;
      if (!(technicalCauses as readonly string[]).includes(name)) return false;
      cause = name as TechnicalCause;
      return true;
    },
    technicalCauses,
  );
  return { what: 'state', signal, state, cause, patient, device };
}

function readStored(words: Words, cast: Cast): Body {
  const signal = words.name('signal', signalNames);
  const count = Number(words.take('how many'));
  if (!Number.isSafeInteger(count) || count < 0) return words.fault('expected how many readings are stored');
  let of: string | undefined;
  readOptions(words, {
    of: (id) => {
      of = id;
    },
  });
  return { what: 'stored', signal, count, patient: cast.patient(words, of) };
}

function readWish(words: Words, cast: Cast, { rules, families }: Vocabulary): AlertWish {
  const word = String(words.take('a rule or family'));
  const known = [...rules, ...families, ...technicalFamilies, ...Object.keys(alsoCalled)];
  const name = words.known(word, 'rule or family', known);
  const wish: { -readonly [K in keyof AlertWish]: AlertWish[K] } = {
    name: alsoCalled[name] ?? name,
    patient: null,
    priority: null,
    by: null,
    cause: null,
    flag: null,
    device: null,
    refused: null,
  };
  readOptions(
    words,
    {
      of: (id) => {
        wish.patient = cast.patient(words, id);
      },
      from: (id) => {
        wish.device = cast.device(words, id).id;
      },
      by: (id) => {
        wish.by = id;
      },
    },
    (option) => takeBare(wish, option),
    [...priorities, ...alertFlags, ...refusals, ...technicalCauses],
  );
  return wish;
}

function takeBare(wish: { -readonly [K in keyof AlertWish]: AlertWish[K] }, option: string): boolean {
  const cause = alsoCalled[option] ?? option;
  if ((priorities as readonly string[]).includes(option)) wish.priority = option as Priority;
  else if ((alertFlags as readonly string[]).includes(option)) wish.flag = option as AlertWish['flag'];
  else if (refusals.includes(option)) wish.refused = option;
  else if ((technicalCauses as readonly string[]).includes(cause)) wish.cause = cause as TechnicalCause;
  else return false;
  return true;
}
