import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeRecord, senderHeader } from '../../../contract/index.ts';
import { HeaderCache } from '../../../ingest/header-cache.ts';
import { assignment, bytesOf, now, textOf } from './fixtures.ts';

const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);

test('every record is what the contract’s codec makes of it', { tags: ['CON-SCHEMA'] }, () => {
  const kinds = fc.constantFrom('readings', 'waveform', 'device-state', 'device-event');
  const run = fc.check(
    fc.property(
      fc.record({ kind: kinds, device: id, sender: id, lane: fc.constantFrom('live' as const, 'late' as const) }),
      fc.array(
        fc.record({
          wearer: fc.nat(1),
          at: fc.oneof(fc.integer({ min: now - 1e9, max: now + 1e9 }), fc.constantFrom(0, 999_999_999_999, 1e12, 1e13)),
          correction: fc.constantFrom({ skew: 0 }, { skew: -7 }, { skew: 60_000, clock: 'unsure' as const }),
          body: fc.uint8Array({ maxLength: 40 }),
        }),
        { minLength: 1, maxLength: 6 },
      ),
      (facts, records) => {
        const cache = new HeaderCache(facts);
        const wearers = [assignment(), assignment({ id: 'as-2', patient: 'p-2' })] as const;
        return records.every(({ wearer, at, correction, body }) => {
          const worn = wearers[wearer as 0 | 1];
          const header = senderHeader(facts.kind, {
            ...facts,
            patient: worn.patient,
            assignment: worn.id,
            acceptedAt: at,
            ...correction,
          });
          return Buffer.from(encodeRecord(header, body)).equals(cache.record(worn, correction, at, body));
        });
      },
    ),
    { seed: 20_260_301 },
  );
  expect(run.failed ? fc.stringify(run.counterexample) : 'held').toBe('held');
});

test('a record shares no memory with the payload, which the connection will reuse', { tags: ['CON-SCHEMA'] }, () => {
  const body = bytesOf('{}');
  const record = new HeaderCache({ kind: 'readings', device: 'd-1', sender: 'd-1', lane: 'live' }).record(
    assignment(),
    { skew: 0 },
    now,
    body,
  );
  body.fill(0);
  expect(textOf(record).endsWith('\n{}')).toBe(true);
});
