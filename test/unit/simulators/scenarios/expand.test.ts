import { describe, expect, test } from 'vitest';
import { readScenario } from '../../../../simulators/index.ts';
import { expand } from '../../../../simulators/scenarios/expand.ts';

const vocabulary = { rules: [], families: ['spo2-low'] };

/** Acts, one line each: when it comes, what, when it was measured if that is another time. */
function lines(rows: readonly string[], more = ''): string[] {
  const given = rows.map((row) => `- ${row}\n`).join('');
  const scenario = readScenario(`name: x\n${more}given:\n${given}expect: [[end, quiet]]\n`, 'a.yaml', () => vocabulary);
  return expand(scenario).map((act) => {
    if (act.act !== 'measured') return `${act.atMs} ${act.act}${'on' in act ? (act.on ? ' on' : ' off') : ''}`;
    const { signal, seq, takenMs, says, quality, lane } = act.measured;
    const value =
      'value' in says ? says.value : 'bound' in says ? `${says.bound} ${says.limit ?? ''}` : Object.values(says)[0];
    const taken = takenMs === act.atMs ? '' : ` of ${takenMs}`;
    return `${act.atMs} ${signal} ${value} #${seq}${taken}${quality === 'good' ? '' : ` ${quality}`}${lane === 'late' ? ' late' : ''}`;
  });
}

const measured = (all: readonly string[]) => all.filter((line) => line.includes('#'));

describe('rows become messages', () => {
  test('a value holds until the next of its signal, at the pace of the signal', { tags: ['ALR-REPLAY'] }, () => {
    expect(lines(['[0s, spo2, 95]', '[2500ms, spo2, 90]'], 'until: 4s\n')).toEqual([
      '0 bind',
      '0 spo2 95 #1',
      '1000 spo2 95 #2',
      '2000 spo2 95 #3',
      '2500 spo2 90 #4',
      '3500 spo2 90 #5',
    ]);
    expect(measured(lines(['[0s, glucose, 120]'], 'until: 11m\n'))).toEqual([
      '0 glucose 120 #1',
      '300000 glucose 120 #2',
      '600000 glucose 120 #3',
    ]);
  });

  test('a ramp goes in steps that the device can show, from what had been reached', { tags: ['ALR-REPLAY'] }, () => {
    const all = lines(['[0s, spo2, 96]', '[1s, spo2, 92, over 4s]', '[3s, spo2, 96, over 2s]'], 'until: 6s\n');
    expect(measured(all).map((line) => line.split(' ')[2])).toEqual(['96', '96', '95', '94', '95', '96', '96']);
  });

  test('copies come with the next one; of two that are swapped the older comes behind the newer', {
    tags: ['ING-DEDUP', 'ING-ORDER'],
  }, () => {
    expect(measured(lines(['[0s, spo2, 95]', '[1s, duplicate, spo2, for 1s]'], 'until: 2s\n'))).toEqual([
      '0 spo2 95 #1',
      '1000 spo2 95 #2',
      '2000 spo2 95 #2 of 1000',
      '2000 spo2 95 #3',
    ]);
    expect(measured(lines(['[0s, spo2, 95]', '[1s, reorder, spo2, for 2s]'], 'until: 3s\n'))).toEqual([
      '0 spo2 95 #1',
      '2000 spo2 95 #3',
      '2100 spo2 95 #2 of 1000',
      '3000 spo2 95 #4',
    ]);
  });

  test('late ones come later, by the late lane; silence measures nothing', { tags: ['ING-ORDER'] }, () => {
    const rows = ['[0s, spo2, 95]', '[1s, late, spo2, by 3s, for 1s]', '[2s, silence, spo2, for 2s]'];
    expect(measured(lines(rows, 'until: 5s\n'))).toEqual([
      '0 spo2 95 #1',
      '4000 spo2 95 #2 of 1000 late',
      '4000 spo2 95 #3',
      '5000 spo2 95 #4',
    ]);
  });

  test('a probe that is off says so, and each message why there is no value', { tags: ['CON-ABSENT'] }, () => {
    expect(lines(['[0s, spo2, 95]', '[1s, probe, off]', '[2s, probe, on]'], 'until: 2s\n')).toEqual([
      '0 bind',
      '0 spo2 95 #1',
      '1000 probe',
      '1000 spo2 no-contact #3 bad',
      '2000 probe',
      '2000 spo2 95 #5',
    ]);
  });

  test('beyond what is measured: the limit where the device has one', { tags: ['CON-ABSENT'] }, () => {
    expect(measured(lines(['[0s, glucose, LOW]', '[1s, glucose, HIGH]', '[0s, spo2, LOW]']))).toEqual([
      '0 spo2 below  #1',
      '0 glucose below 40 #1',
      '1000 spo2 below  #2',
      '1000 glucose above 400 #2',
    ]);
  });

  test('a lost gateway loses; a lost line keeps, fresh ones first', { tags: ['ING-ORDER'] }, () => {
    const until = 'until: 42s\n';
    const lost = lines(['[0s, spo2, 95]', '[1s, gateway, lost, for 40s]'], until);
    expect(lost.filter((line) => !line.includes('#'))).toEqual(['0 bind', '1000 gateway off', '41000 gateway on']);
    expect(measured(lost)).toEqual(['0 spo2 95 #1', '41000 spo2 95 #2', '42000 spo2 95 #3']);
    const back = measured(lines(['[0s, spo2, 95]', '[1s, uplink, lost, for 40s]'], until));
    const live = back.filter((line) => line.startsWith('41000') && !line.endsWith('late'));
    expect(live[0]).toBe('41000 spo2 95 #12 of 11000');
    expect(live.at(-1)).toBe('41000 spo2 95 #42');
    expect(back.filter((line) => line.endsWith('late'))).toHaveLength(10);
  });

  test('what is worn later is not worn before; the engine dies and comes back', { tags: ['ALR-REPLAY'] }, () => {
    const rows = [
      '[5s, bind, oximeter-1]',
      '[6s, spo2, 95]',
      '[7s, engine, killed, for 1s]',
      '[8s, unbind, oximeter-1]',
    ];
    expect(lines(rows)).toEqual([
      '5000 bind',
      '6000 spo2 95 #1',
      '7000 engine off',
      '7000 spo2 95 #2',
      '8000 engine on',
      '8000 spo2 95 #3',
      '8000 unbind',
    ]);
  });
});
