import { appendFileSync, closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Reading, Vital } from '../contract/index.ts';
import type { KitIdentity } from './kit.ts';
import type { ScenarioEvent } from './scenario.ts';

interface About {
  readonly kit: string;
  readonly device: string;
  readonly patient: string;
}

interface EpisodeFacts extends About {
  readonly signal: Vital;
  /** `<= 88 %` */
  readonly limit: string;
  /** takenAt of the first violating reading. */
  readonly start: number;
  readonly first: { readonly boot: number; readonly seq: number };
}

/** One line of a truth file: what the simulators did, so that a checker knows what has to be told. Times are UTC ms. */
export type TruthLine =
  | { readonly what: 'run'; readonly at: number; readonly seed: number; readonly kits: readonly About[] }
  | ({ readonly what: 'on'; readonly at: number; readonly boot: number } & About)
  | ({ readonly what: 'off'; readonly at: number; readonly boot: number; readonly how: 'stopped' | 'silent' } & About)
  | ({ readonly what: 'event'; readonly at: number; readonly event: ScenarioEvent } & About)
  | ({ readonly what: 'episode-start' } & EpisodeFacts)
  | ({ readonly what: 'episode-end'; readonly end: number } & EpisodeFacts);

interface Watched {
  readonly signal: Vital;
  readonly limit: string;
  violates(value: number): boolean;
}

/** Limits worth knowing of: those of common rules, written down here again and not read from the rules. */
const watched: readonly Watched[] = [
  { signal: 'spo2', limit: '< 90 %', violates: (value) => value < 90 },
  { signal: 'spo2', limit: '<= 88 %', violates: (value) => value <= 88 },
  { signal: 'spo2', limit: '<= 78 %', violates: (value) => value <= 78 },
  { signal: 'pulse', limit: '< 50 /min', violates: (value) => value < 50 },
  { signal: 'pulse', limit: '> 120 /min', violates: (value) => value > 120 },
  { signal: 'glucose', limit: '< 70 mg/dL', violates: (value) => value < 70 },
  { signal: 'glucose', limit: '< 54 mg/dL', violates: (value) => value < 54 },
  { signal: 'glucose', limit: '> 180 mg/dL', violates: (value) => value > 180 },
  { signal: 'glucose', limit: '> 250 mg/dL', violates: (value) => value > 250 },
];

/** Writes a truth file. */
export interface Truth extends Disposable {
  note(line: TruthLine): void;
  /** Looks at a reading as it is numbered, and notes where an episode starts or ends. */
  observe(identity: KitIdentity, reading: Reading): void;
}

/** What of a kit's identity a truth file may hold: not its token. */
export function aboutKit({ name, device, patient }: KitIdentity): About {
  return { kit: name, device, patient };
}

/** Appends to the file, a line at a time, at once: a killed process leaves all it said. */
export function openTruth(path: string): Truth {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = openSync(path, 'a', 0o600);
  const open = new Map<string, EpisodeFacts>();
  const note = (line: TruthLine) => appendFileSync(file, `${JSON.stringify(line)}\n`);
  return {
    note,
    observe(identity, reading) {
      if (!('value' in reading)) return;
      for (const { signal, limit, violates } of watched) {
        if (signal !== reading.vital) continue;
        const key = `${identity.device} ${signal} ${limit}`;
        const episode = open.get(key);
        if (violates(reading.value) && !episode) {
          const { boot, seq, takenAt: start } = reading;
          const started = { ...aboutKit(identity), signal, limit, start, first: { boot, seq } };
          open.set(key, started);
          note({ what: 'episode-start', ...started });
        } else if (!violates(reading.value) && episode) {
          open.delete(key);
          note({ what: 'episode-end', ...episode, end: reading.takenAt });
        }
      }
    },
    [Symbol.dispose]: () => closeSync(file),
  };
}

/** All whole lines of a truth file. */
export function readTruth(path: string): readonly TruthLine[] {
  const text = readFileSync(path, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TruthLine);
}
