import { describe, expect, test } from 'vitest';
import { isTokenOf } from '../../../../ingest/broker/login.ts';
import { Takeovers } from '../../../../ingest/broker/takeovers.ts';
import { bytesOf, device, token } from '../fixtures.ts';

describe('a token', { tags: ['BRK-AUTH'] }, () => {
  test.for<[string, Parameters<typeof isTokenOf>, boolean]>([
    ['the right one', [device('d-1'), bytesOf(token)], true],
    ['a wrong one', [device('d-1'), bytesOf(`${token} `)], false],
    ['none', [device('d-1'), undefined], false],
    ['an empty one', [device('d-1'), new Uint8Array()], false],
    ['its hash', [device('d-1'), bytesOf(device('d-1').tokenSha256)], false],
    ['of a revoked device', [device('d-1', { revoked: true }), bytesOf(token)], false],
    ['of nobody', [undefined, bytesOf('nobody')], false],
  ])('%s', ([, args, isRight]) => {
    expect(isTokenOf(...args)).toBe(isRight);
  });
});

test('more than three takeovers within a minute are too many', { tags: ['BRK-AUTH'] }, () => {
  const takeovers = new Takeovers();
  const times = [0, 1_000, 2_000, 3_000, 63_001, 63_002];
  expect([times.map((at) => takeovers.note('d-1', at)), takeovers.note('d-2', 3_000)]).toEqual([
    [false, false, false, true, false, false],
    false,
  ]);
});
