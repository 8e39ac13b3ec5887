import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  absentReasons,
  bounds,
  clockQualities,
  qualities,
  Reading,
  VITALS,
  type Vital,
  vitalNames,
} from '../../../contract/index.ts';
import { accept, type Facts } from '../../../ingest/accept.ts';
import { type ScannedReading, scanReadings } from '../../../ingest/scanner.ts';
import { unknownClock } from '../../../ingest/sender-clock.ts';
import { assignment, bytesOf, now, reading } from './fixtures.ts';

const facts: Facts = {
  kind: 'readings',
  lane: 'late',
  timeline: [assignment({ from: 0 })],
  clock: unknownClock,
  acceptedAt: now,
};

/** What JSON.parse and the schema make of the same bytes; undefined if they let it in as no reading. */
function slowly(bytes: Uint8Array): ScannedReading | ScannedReading[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
  const read = (each: unknown) => {
    const { data } = Reading.safeParse(each);
    if (!data) return undefined;
    const { boot, seq, vital, unit, takenAt } = data;
    return { boot, seq, vital, value: 'value' in data ? data.value : undefined, unit, takenAt };
  };
  if (!Array.isArray(parsed)) return read(parsed);
  const all = parsed.map(read);
  return all.every((each) => each !== undefined) ? all : undefined;
}

/** Numbers as text, of every form that JSON has and some that it has not. */
const numberText = fc.oneof(
  fc.integer({ min: 0, max: 400 }).map(String),
  fc.double({ min: 0, max: 400, noNaN: true }).map(String),
  fc.tuple(fc.nat(999), fc.stringMatching(/^[0-9]{1,17}$/)).map(([whole, fraction]) => `${whole}.${fraction}`),
  fc.maxSafeNat().map(String),
  fc.constantFrom(
    '0',
    '-0',
    '-1',
    '00',
    '01',
    '1.',
    '.5',
    '1e2',
    '1E-2',
    '9007199254740993',
    '8640000000000001',
    '1e999',
    'NaN',
  ),
);
const count = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 2 ** 31 }).map(String) },
  { weight: 1, arbitrary: numberText },
);
const time = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: now - 1e10, max: now + 1e6 }).map(String) },
  { weight: 1, arbitrary: numberText },
);
const unitsOf = (vital: Vital) => [VITALS[vital].unit, ...Object.keys(VITALS[vital].alsoAccepted)];

/** A reading's text in the known key order; seldom with an optional key, another unit or no value. */
const object = fc.constantFrom(...vitalNames).chain((vital) =>
  fc
    .record({
      v: fc.constantFrom('1', '1', '1', '1', '1', '1', '1', '1', '1', '2'),
      boot: count,
      seq: count,
      measured: fc.oneof(
        { weight: 8, arbitrary: numberText.map((value) => `"value":${value}`) },
        { weight: 1, arbitrary: fc.constantFrom(...bounds).map((bound) => `"bound":"${bound}"`) },
        { weight: 1, arbitrary: fc.constantFrom(...absentReasons).map((reason) => `"absent":"${reason}"`) },
      ),
      unit: fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom(...unitsOf(vital)) },
        { weight: 1, arbitrary: fc.constantFrom('%', 'mg/dL', '\\u0025', '') },
      ),
      quality: fc.constantFrom(...qualities),
      takenAt: time,
      receivedAt: time,
      clock: fc.constantFrom(...clockQualities),
      tail: fc.oneof(
        { weight: 8, arbitrary: fc.constant('') },
        { weight: 1, arbitrary: fc.constantFrom(',"mode":"spot"', ',"nope":1', ' ', ',"seq":7') },
      ),
    })
    .map(
      (of) =>
        `{"v":${of.v},"boot":${of.boot},"seq":${of.seq},"vital":"${vital}",${of.measured},"unit":"${of.unit}","quality":"${of.quality}","takenAt":${of.takenAt},"receivedAt":${of.receivedAt},"clock":"${of.clock}"${of.tail}}`,
    ),
);
const payload = fc.oneof(
  { weight: 3, arbitrary: object },
  { weight: 1, arbitrary: fc.array(object, { maxLength: 4 }).map((objects) => `[${objects.join(',')}]`) },
);
/** Bytes changed, left out or put in at a few places. */
const mutated = fc
  .tuple(
    payload.map(bytesOf),
    fc.oneof(
      fc.constant([]),
      fc.array(
        fc.tuple(
          fc.constantFrom('change', 'drop', 'insert'),
          fc.nat(400),
          fc.oneof(fc.nat(255), fc.constantFrom(...bytesOf('"{}[],:.0eE+- '))),
        ),
        { maxLength: 3 },
      ),
    ),
  )
  .map(([bytes, changes]) => {
    const out = [...bytes];
    for (const [how, place, byte] of changes) {
      const at = place % (out.length + 1);
      if (how === 'change' && at < out.length) out[at] = byte;
      else if (how === 'drop') out.splice(at, 1);
      else out.splice(at, 0, byte);
    }
    return Uint8Array.from(out);
  });

test('whatever the scanner accepts, JSON.parse and the schema accept with the same result', {
  tags: ['CON-SCHEMA'],
}, () => {
  let taken = 0;
  fc.assert(
    fc.property(mutated, (bytes) => {
      const scanned = scanReadings(bytes);
      if (scanned === undefined) return true;
      taken += 1;
      return fc.stringify(scanned) === fc.stringify(slowly(bytes));
    }),
    { numRuns: 12_000, seed: 20_260_301 },
  );
  // The property would hold for a scanner that accepts nothing.
  expect(taken).toBeGreaterThan(600);
});

test('with and without the scanner every input has the same verdict', { tags: ['CON-SCHEMA', 'ING-VALIDATE'] }, () => {
  const reasons = new Map<string, number>();
  fc.assert(
    fc.property(mutated, (bytes) => {
      const fast = accept(bytes, facts);
      for (const { reason } of fast.refused) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      return fc.stringify(fast) === fc.stringify(accept(bytes, facts, () => undefined));
    }),
    { numRuns: 6_000, seed: 20_260_302 },
  );
  // All kinds of refusals were among them.
  expect([...reasons.keys()].sort()).toEqual([
    'implausible',
    'not-json',
    'schema',
    'time-unit',
    'unit',
    'unknown-key',
    'version',
  ]);
});

test('the example of the page, and a row of it, take the fast path', { tags: ['CON-SCHEMA'] }, () => {
  const example =
    '{"v":1,"boot":12,"seq":48211,"vital":"spo2","value":86,"unit":"%","quality":"good","takenAt":1772331054120,"receivedAt":1772331054164,"clock":"synced"}';
  const scanned = { boot: 12, seq: 48_211, vital: 'spo2', value: 86, unit: '%', takenAt: 1_772_331_054_120 };
  expect([scanReadings(bytesOf(example)), scanReadings(bytesOf(`[${example},${example}]`))]).toEqual([
    scanned,
    [scanned, scanned],
  ]);
});

test('one reading after another leaves nothing behind', { tags: ['CON-SCHEMA'] }, () => {
  scanReadings(bytesOf(reading({ value: 7 })));
  expect([scanReadings(bytesOf('{"v":1')), scanReadings(bytesOf(reading({ value: 8 })))]).toEqual([
    undefined,
    expect.objectContaining({ value: 8 }),
  ]);
});
