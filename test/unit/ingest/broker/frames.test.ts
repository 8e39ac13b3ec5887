import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeConnect } from '../../../../ingest/broker/connect-frame.ts';
import { bodyStart, frameBytes, OutgoingFrames } from '../../../../ingest/broker/frames.ts';
import { connectFrame, frame, lengthBytes } from '../../../support/mqtt.ts';

describe('a frame is measured by its fixed header', { tags: ['BRK-LIMIT'] }, () => {
  test.for([0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455])('%i bytes', (length) => {
    const header = Uint8Array.of(0x30, ...lengthBytes(length));
    expect([frameBytes(header, 0), frameBytes(header.subarray(0, -1), 0)]).toEqual([header.length + length, 0]);
  });

  test('a fifth byte of length is none', () => {
    expect(frameBytes(Uint8Array.of(0x30, 0x80, 0x80, 0x80, 0x80, 1), 0)).toBe(-1);
  });
});

test('acknowledgements are counted however what goes out is cut', { tags: ['BRK-LIMIT'] }, () => {
  const kinds = {
    64: frame(0x40, Uint8Array.of(0, 9)),
    208: frame(0xd0),
    144: frame(0x90, new Uint8Array(200)),
    80: frame(0x50, Uint8Array.of(0, 9)),
  };
  const run = fc.check(
    fc.property(fc.array(fc.constantFrom(0x40, 0xd0, 0x90, 0x50)), fc.array(fc.nat(300)), (firsts, cuts) => {
      const bytes = Buffer.concat(firsts.map((first) => kinds[first as keyof typeof kinds]));
      const outgoing = new OutgoingFrames();
      let counted = 0;
      let from = 0;
      for (const to of [...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length]) {
        outgoing.take(bytes.subarray(from, to));
        counted += outgoing.acknowledged;
        from = to;
      }
      return counted === firsts.filter((first) => first === 0x40 || first === 0x50).length;
    }),
    { seed: 20_260_301 },
  );
  expect(run.failed ? fc.stringify(run.counterexample) : 'held').toBe('held');
});

describe('CONNECT', { tags: ['BRK-AUTH'] }, () => {
  const judge = (fields: Partial<Parameters<typeof connectFrame>[0]>) => {
    const bytes = connectFrame({ clientId: 'd-1', password: 'x', ...fields });
    return judgeConnect(bytes.subarray(bodyStart(bytes)));
  };

  test.for<[string, Parameters<typeof judge>[0], ReturnType<typeof judge>]>([
    ['as it should be', {}, 'pass'],
    ['the longest keepalive', { keepalive: 120 }, 'pass'],
    ['MQTT 5', { level: 5 }, 1],
    ['MQTT 3.1’s level', { level: 3 }, 1],
    ['a level of tomorrow', { level: 77 }, 1],
    ['no keepalive', { keepalive: 0 }, 2],
    ['a keepalive too long', { keepalive: 121 }, 2],
    ['no id', { clientId: '' }, 2],
    ['an id that is a path', { clientId: '../d-1' }, 2],
    ['an id too long', { clientId: 'a'.repeat(65) }, 2],
    ['an id with a NUL', { clientId: 'd\0' }, 2],
  ])('%s', ([, fields, verdict]) => {
    expect(judge(fields)).toBe(verdict);
  });

  test('cut anywhere, it is malformed or says what the whole says', () => {
    const bytes = connectFrame({ clientId: 'd-1', password: 'x' });
    const body = bytes.subarray(bodyStart(bytes));
    const verdicts = Array.from({ length: body.length }, (_, n) => judgeConnect(body.subarray(0, n)));
    // Protocol name, level, flags, keepalive and the id with its length are 15 bytes.
    expect(verdicts.map((verdict) => verdict === 'malformed')).toEqual(verdicts.map((_, n) => n < 15));
  });

  test('another protocol is no CONNECT', () => {
    expect(judgeConnect(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toBe('malformed');
  });
});
