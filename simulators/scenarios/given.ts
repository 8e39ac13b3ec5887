// A row of `given`: what happens, to whom, and when.
import { absentReasons, type Quality, qualities, toCanonical, VITALS } from '../../contract/index.ts';
import { type Cast, isVital, type SignalName, signalNames } from './cast.ts';
import type { Given, Row, Says } from './scenario.ts';
import { readOptions, type Words } from './words.ts';

type Body = Given extends infer G ? (G extends Row ? Omit<G, keyof Row> : never) : never;

const acts = [
  'probe',
  'silence',
  'duplicate',
  'reorder',
  'late',
  'acknowledge',
  'gateway',
  'uplink',
  'engine',
  'clock',
  'bind',
  'unbind',
  'discharge',
] as const;
type Act = (typeof acts)[number];

/** Named by the format, and not yet done by the engine or by virtual time. */
const notYet: Readonly<Record<string, string>> = {
  rhythm: 'rhythms are not judged yet',
  pause: 'pausing an alert is not judged yet',
  resume: 'pausing an alert is not judged yet',
  standby: 'standby is not judged yet',
  limit: 'limits of one patient are not judged yet',
  broker: 'a lost broker cannot be played in virtual time yet',
  log: 'a log that is down cannot be played in virtual time yet',
  store: 'a store that is down cannot be played in virtual time yet',
  api: 'a lost api cannot be played in virtual time yet',
};

export const givenNames: readonly string[] = [...signalNames, ...acts, ...Object.keys(notYet)];

/** Reads what stands after the time. */
export function readGiven(words: Words, cast: Cast): Body {
  const what = words.name('thing that can happen', givenNames);
  const later = notYet[what];
  if (later !== undefined) return words.fault(`${what}: ${later}`);
  if ((signalNames as readonly string[]).includes(what)) return readValue(words, cast, what as SignalName);
  return readers[what as Act](words, cast, what as Act);
}

type Reader = (words: Words, cast: Cast, act: Act) => Body;

const readers: Readonly<Record<Act, Reader>> = {
  probe: readProbe,
  silence: readSpan,
  duplicate: readSpan,
  reorder: readSpan,
  late: readLate,
  acknowledge: readAcknowledge,
  gateway: readOutage,
  uplink: readOutage,
  engine: readEngine,
  clock: readClock,
  bind: readWearing,
  unbind: readWearing,
  discharge: readDischarge,
};

function readValue(words: Words, cast: Cast, signal: SignalName): Body {
  const says = readSays(words, signal);
  let overMs = 0;
  let quality: Quality | undefined;
  const who: { from?: string; of?: string } = {};
  readOptions(
    words,
    {
      over: (text) => {
        overMs = words.asDuration(text);
        if (!('value' in says)) words.fault('only a number can be reached over a time');
      },
      from: (id) => {
        who.from = id;
      },
      of: (id) => {
        who.of = id;
      },
    },
    (word) => {
      if (!(qualities as readonly string[]).includes(word)) return false;
      quality = word as Quality;
      return true;
    },
    qualities,
  );
  if ('absent' in says && quality !== undefined && quality !== 'bad') return words.fault('no value is never good');
  const usual: Quality = 'absent' in says ? 'bad' : 'good';
  return { what: 'value', ...cast.stream(words, signal, who), says, overMs, quality: quality ?? usual };
}

function readSays(words: Words, signal: SignalName): Says {
  const word = words.take('a value');
  if (!isVital(signal)) {
    if (word === 'on') return { samples: true };
    return words.fault(`${signal} ${word}: rhythms are not judged yet; "on" is a signal that comes`);
  }
  if (word === 'LOW') return { bound: 'below' };
  if (word === 'HIGH') return { bound: 'above' };
  if (word === 'NaN' || Number.isNaN(word)) return { absent: 'not-a-number' };
  const { unit: canonical, alsoAccepted } = VITALS[signal];
  if (typeof word === 'number') return { value: word, unit: canonical };
  const [, number, unit] = /^(-?\d+(?:\.\d+)?) (\S+)$/.exec(word) ?? [];
  if (number === undefined || unit === undefined)
    return {
      absent: words.known(word, `value of ${signal}; expected a number, LOW, HIGH, NaN or a reason`, absentReasons),
    };
  if (toCanonical(signal, Number(number), unit) === undefined)
    return words.fault(
      `${unit} is no unit of ${signal}, expected ${[canonical, ...Object.keys(alsoAccepted)].join(' or ')}`,
    );
  return { value: Number(number), unit };
}

function readProbe(words: Words, cast: Cast): Body {
  const state = words.name('state of a probe', ['on', 'off']);
  let from: string | undefined;
  readOptions(words, {
    from: (id) => {
      from = id;
    },
  });
  return { what: 'probe', device: cast.anyDevice(words, from).id, contact: state === 'on' };
}

/** Options of a row about one signal for some time. */
function readStreamOptions(words: Words): { forMs: number; byMs: number | undefined; from?: string; of?: string } {
  const options: { forMs: number; byMs: number | undefined; from?: string; of?: string } = {
    forMs: Number.POSITIVE_INFINITY,
    byMs: undefined,
  };
  readOptions(words, {
    for: (text) => {
      options.forMs = words.asDuration(text);
    },
    by: (text) => {
      options.byMs = words.asDuration(text);
    },
    from: (id) => {
      options.from = id;
    },
    of: (id) => {
      options.of = id;
    },
  });
  return options;
}

function readSpan(words: Words, cast: Cast, act: Act): Body {
  const signal = words.name('signal', signalNames);
  const { forMs, byMs, ...who } = readStreamOptions(words);
  if (byMs !== undefined) return words.fault(`${act} has no "by"`);
  return { what: act as 'silence' | 'duplicate' | 'reorder', ...cast.stream(words, signal, who), forMs };
}

function readLate(words: Words, cast: Cast): Body {
  const signal = words.name('signal', signalNames);
  const { forMs, byMs, ...who } = readStreamOptions(words);
  if (byMs === undefined) return words.fault('late by how much? say "by 2m"');
  return { what: 'late', ...cast.stream(words, signal, who), forMs, byMs };
}

function readAcknowledge(words: Words, cast: Cast): Body {
  const name = String(words.take('a rule or family'));
  let by = 'nurse-1';
  let revision: number | null = null;
  let patient: string | undefined;
  readOptions(words, {
    by: (id) => {
      by = id;
    },
    of: (id) => {
      patient = id;
    },
    revision: (text) => {
      revision = Number(text);
      if (!Number.isSafeInteger(revision) || revision < 1) words.fault(`revision ${text}: expected 1 or more`);
    },
  });
  return {
    what: 'acknowledge',
    of: { name, patient: patient === undefined ? null : cast.patient(words, patient) },
    by,
    revision,
  };
}

function readOutage(words: Words, cast: Cast, act: Act): Body {
  const mode = words.name(`fault of the ${act}`, ['lost', 'frozen', 'slow']);
  if (mode !== 'lost') return words.fault(`${act} ${mode} cannot be played in virtual time yet; lost can`);
  let of: string | undefined;
  let forMs = Number.POSITIVE_INFINITY;
  readOptions(words, {
    for: (text) => {
      forMs = words.asDuration(text);
    },
    of: (id) => {
      of = id;
    },
  });
  return { what: act as 'gateway' | 'uplink', gateway: cast.gateway(words, of), forMs };
}

function readEngine(words: Words): Body {
  const mode = words.name('fault of the engine', ['killed', 'frozen', 'slow']);
  if (mode !== 'killed') return words.fault(`engine ${mode} cannot be played in virtual time yet; killed can`);
  let forMs = 0;
  readOptions(words, {
    for: (text) => {
      forMs = words.asDuration(text);
    },
  });
  return { what: 'engine', forMs };
}

function readClock(words: Words): Body {
  const text = String(words.take('a step, such as +1h'));
  const [, sign, size] = /^([+-])(\S+)$/.exec(text) ?? [];
  if (size === undefined) return words.fault(`${text}: expected a step, such as +1h or -30s`);
  readOptions(words, {});
  return { what: 'clock', byMs: words.asDuration(size) * (sign === '-' ? -1 : 1) };
}

function readWearing(words: Words, cast: Cast, act: Act): Body {
  const { id } = cast.device(words, String(words.take('a device')));
  readOptions(words, {});
  return { what: act as 'bind' | 'unbind', device: id };
}

function readDischarge(words: Words, cast: Cast): Body {
  const [id] = [...words.rest()];
  return { what: 'discharge', patient: cast.patient(words, id) };
}
