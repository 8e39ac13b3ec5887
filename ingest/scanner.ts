// A reading's bytes, read without building an object, for the one key order that senders are asked to use (`interfaces.md`
// 3.2). Class C: it accepts only what JSON.parse and the schema accept and finds the same in it (a property test compares
// them); whatever else it meets, an escape, a space, an optional key, it gives up and leaves the bytes to them.
import { clockQualities, latestEpochMs, qualities, VITALS, type Vital, vitalNames } from '../contract/index.ts';

/** What the border has to know of a reading. */
export interface ScannedReading {
  readonly boot: number;
  readonly seq: number;
  readonly vital: Vital;
  /** As sent, in `unit`; undefined for an absence or a bound without a value. */
  readonly value: number | undefined;
  readonly unit: string;
  readonly takenAt: number;
}

const encoder = new TextEncoder();

const KEYS = {
  boot: encoder.encode('{"v":1,"boot":'),
  seq: encoder.encode(',"seq":'),
  vital: encoder.encode(',"vital":"'),
  value: encoder.encode('","value":'),
  unit: encoder.encode(',"unit":"'),
  quality: encoder.encode('","quality":"'),
  takenAt: encoder.encode('","takenAt":'),
  receivedAt: encoder.encode(',"receivedAt":'),
  clock: encoder.encode(',"clock":"'),
  end: encoder.encode('"}'),
} as const;

interface Word {
  readonly text: string;
  readonly bytes: Uint8Array;
}

const word = (text: string): Word => ({ text, bytes: encoder.encode(text) });
const VITAL_WORDS = vitalNames.map((vital) => ({
  ...word(vital),
  vital,
  units: [VITALS[vital].unit, ...Object.keys(VITALS[vital].alsoAccepted)].map(word),
}));
const QUALITY_WORDS = qualities.map(word);
const CLOCK_WORDS = clockQualities.map(word);

const QUOTE = 34;
const COMMA = 44;
const POINT = 46;
const ZERO = 48;
const NINE = 57;
const BRACKET = 91;
const BRACKET_END = 93;

const bootMax = 2_147_483_647;
/** Digits whose integer is exact as a number whatever they are. */
const exactDigits = 15;
const powersOfTen = Array.from({ length: exactDigits + 1 }, (_, n) => 10 ** n);

/** Reads one payload after another. Its only state is a cursor, which each call sets. */
class Cursor {
  #bytes: Uint8Array = new Uint8Array();
  #at = 0;
  /** What the last number was; meaningless after a failure. */
  #number = 0;

  /** The reading or readings of a payload; undefined if it is not wholly of the known form. */
  payload(bytes: Uint8Array): ScannedReading | ScannedReading[] | undefined {
    this.#bytes = bytes;
    this.#at = 0;
    const found = bytes[0] === BRACKET ? this.#array() : this.#reading();
    return found && this.#at === bytes.length ? found : undefined;
  }

  #array(): ScannedReading[] | undefined {
    const found: ScannedReading[] = [];
    do {
      this.#at += 1;
      const reading = this.#reading();
      if (!reading) return undefined;
      found.push(reading);
    } while (this.#bytes[this.#at] === COMMA);
    return this.#bytes[this.#at++] === BRACKET_END ? found : undefined;
  }

  #reading(): ScannedReading | undefined {
    if (!this.#skip(KEYS.boot) || !this.#integer(1, bootMax)) return undefined;
    const boot = this.#number;
    if (!this.#skip(KEYS.seq) || !this.#integer(1, Number.MAX_SAFE_INTEGER)) return undefined;
    const seq = this.#number;
    if (!this.#skip(KEYS.vital)) return undefined;
    const vital = this.#oneOf(VITAL_WORDS);
    if (!vital || !this.#skip(KEYS.value) || !this.#decimal()) return undefined;
    const value = this.#number;
    if (!this.#skip(KEYS.unit)) return undefined;
    const unit = this.#oneOf(vital.units);
    if (!unit || !this.#skip(KEYS.quality) || !this.#oneOf(QUALITY_WORDS)) return undefined;
    if (!this.#skip(KEYS.takenAt) || !this.#integer(0, latestEpochMs)) return undefined;
    const takenAt = this.#number;
    if (!this.#skip(KEYS.receivedAt) || !this.#integer(0, latestEpochMs)) return undefined;
    if (!this.#skip(KEYS.clock) || !this.#oneOf(CLOCK_WORDS) || !this.#skip(KEYS.end)) return undefined;
    return { boot, seq, vital: vital.vital, value, unit: unit.text, takenAt };
  }

  #skip(literal: Uint8Array): boolean {
    const bytes = this.#bytes;
    const from = this.#at;
    for (let i = 0; i < literal.length; i++) if (bytes[from + i] !== literal[i]) return false;
    this.#at = from + literal.length;
    return true;
  }

  /** The word that stands before the next quote. */
  #oneOf<W extends Word>(words: readonly W[]): W | undefined {
    for (const each of words) {
      const end = this.#at + each.bytes.length;
      if (this.#bytes[end] === QUOTE && this.#skip(each.bytes)) return each;
    }
    return undefined;
  }

  /** Digits without a leading zero, within the limits. What follows them is the next literal's matter. */
  #integer(least: number, most: number): boolean {
    const digits = this.#digits(16);
    return digits && this.#number >= least && this.#number <= most;
  }

  #decimal(): boolean {
    const from = this.#at;
    if (!this.#digits(exactDigits)) return false;
    if (this.#bytes[this.#at] !== POINT) return true;
    const whole = this.#number;
    const wholeDigits = this.#at - from;
    const fractionFrom = ++this.#at;
    let mantissa = whole;
    for (; this.#isDigit(); this.#at++) mantissa = mantissa * 10 + ((this.#bytes[this.#at] as number) - ZERO);
    const fractionDigits = this.#at - fractionFrom;
    if (fractionDigits === 0 || wholeDigits + fractionDigits > exactDigits) return false;
    // Both are exact, so that one division rounds as the parser of JSON does.
    this.#number = mantissa / (powersOfTen[fractionDigits] as number);
    return true;
  }

  #digits(most: number): boolean {
    const from = this.#at;
    let number = 0;
    for (; this.#isDigit(); this.#at++) {
      if (this.#at - from === most) return false;
      number = number * 10 + ((this.#bytes[this.#at] as number) - ZERO);
    }
    this.#number = number;
    const length = this.#at - from;
    return length === 1 || (length > 1 && this.#bytes[from] !== ZERO);
  }

  #isDigit(): boolean {
    const byte = this.#bytes[this.#at];
    return byte !== undefined && byte >= ZERO && byte <= NINE;
  }
}

const cursor = new Cursor();

/** The readings of a payload in the known form, one object or an array; undefined for every other payload. */
export function scanReadings(bytes: Uint8Array): ScannedReading | ScannedReading[] | undefined {
  return cursor.payload(bytes);
}
