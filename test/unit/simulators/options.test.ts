import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../simulators/errors.ts';
import { type RunArguments, runOptions } from '../../../simulators/options.ts';

describe('the options of sim run', () => {
  test('without any: the first start', () => {
    expect(runOptions({})).toEqual({
      patients: 8,
      seed: 1,
      durationMs: undefined,
      jitterMs: 0,
      faults: { loss: 0, duplicates: 0, skewMs: 0 },
      broker: undefined,
      only: undefined,
      scenario: 'first-start',
    });
  });

  test('say shares, durations and addresses as people write them', () => {
    const asked = { patients: '3', loss: '1%', dup: '0.1', skew: '-5m', jitter: '200ms', duration: '1.5h' };
    expect(runOptions({ ...asked, broker: 'mqtts://h:1', only: 'kit-2,3' }, 'quiet')).toMatchObject({
      patients: 3,
      faults: { loss: 0.01, duplicates: 0.1, skewMs: -300_000 },
      jitterMs: 200,
      durationMs: 5_400_000,
      broker: { host: 'h', port: 1 },
      only: ['kit-2', 'kit-3'],
      scenario: 'quiet',
    });
  });

  const wrong: readonly [RunArguments, string][] = [
    [{ speed: '60' }, '--speed 60'],
    [{ loss: '2' }, '--loss 2'],
    [{ dup: 'often' }, '--dup often'],
    [{ duration: 'soon' }, '--duration soon'],
    [{ duration: '-5s' }, '--duration -5s'],
    [{ patients: '0' }, '-n 0'],
    [{ seed: '1.5' }, '--seed 1.5'],
    [{ broker: 'mqtt://h' }, '--broker mqtt://h'],
    [{ only: 'kit-9' }, '--only kit-9'],
  ];
  test.for(wrong)('refuse %j and name it', ([asked, named]) => {
    let error: unknown;
    try {
      runOptions(asked);
    } catch (thrown) {
      error = thrown;
    }
    expect([error instanceof UsageError, String(error).includes(named)]).toEqual([true, true]);
  });
});
