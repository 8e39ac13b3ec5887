import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalValue, elementsOf, readingsOf } from '../../../contract/index.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array) => new TextDecoder().decode(value);

describe('elements of a payload', () => {
  test('are the bytes between the commas, whatever they hold', { tags: ['CON-SCHEMA'] }, () => {
    const json = fc.array(fc.jsonValue({ maxDepth: 3 }), { maxLength: 6 });
    const space = fc.constantFrom('', ' ', '\n\t ');
    fc.assert(
      fc.property(json, space, (values, pad) => {
        const parts = values.map((value) => JSON.stringify(value));
        const payload = `${pad}[${pad}${parts.join(`${pad},${pad}`)}${pad}]${pad}`;
        expect(elementsOf(bytes(payload)).map(text)).toEqual(parts);
      }),
    );
    expect(elementsOf(bytes('{"a":[1,2]}')).map(text)).toEqual(['{"a":[1,2]}']);
  });

  test('read as readings, in the canonical unit', { tags: ['CON-UNITS'] }, () => {
    const payload =
      '[{"vital":"glucose","value":3.1,"unit":"mmol/L"},{"vital":"glucose","absent":"sensor-fault","unit":"mg/dL"}]';
    const values = readingsOf(bytes(payload)).map((reading) => canonicalValue(reading));
    expect(values).toEqual([3.1 * 18.0156, undefined]);
  });

  test('that cannot be read are a named error', { tags: ['ING-POISON'] }, () => {
    expect(() => readingsOf(bytes('{"v":1'))).toThrow(expect.objectContaining({ code: 'BAD_RECORD' }));
  });
});
