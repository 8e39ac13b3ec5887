// Item 4 of the path, on the level of the core: what is in the log decides, and nothing else.
import { describe, expect, test } from 'vitest';
import { bodies, difference, inPartition, judge, type Keyed, newEngine, restarted, ward } from '../support/core.ts';

/** Ten minutes of four patients, with a kill, a blind period, an acknowledgement, a lost kit and one taken home. */
function recorded() {
  const run = ward();
  const anna = run.patient('p-1').wears('spo2').wears('pulse').wears('II');
  anna
    .steady('spo2', 96, '1s', '60s')
    .steady('spo2', 86, '60s', '120s')
    .steady('spo2', 90, '120s', '130s')
    .steady('spo2', 97, '150s', '600s');
  anna.steady('pulse', 72, '1s', '100s').steady('pulse', 150, '100s', '200s').steady('pulse', 80, '200s', '600s');
  anna.blocks('II', '1s', '90s').blocks('II', '90s', '110s', 'none').blocks('II', '110s', '600s');
  anna.acknowledged('spo2-low', '100s').acknowledged('rate-high', '130s', { by: 'nurse-2' });
  const ben = run.patient('p-2').wears('glucose', { every: '1min' }).wears('spo2');
  ben
    .steady('glucose', 90, '30s', '3min')
    .steady('glucose', 52, '3min', '7min')
    .steady('glucose', 'sensor-fault', '7min', '9min');
  ben.steady('spo2', 88, '1s', '70s').poison('spo2', '71s').poison('spo2', '72s').poison('spo2', '73s');
  ben.steady('spo2', 95, '80s', '400s').acknowledged('glucose-low', '200s');
  run.silent('kit-p-2', '400s', '520s');
  const carl = run.patient('p-3').wears('spo2').wears('pulse', { at: '30s' });
  carl.steady('spo2', 85, '1s', '50s').discharged('50s').acknowledged('spo2-low', '70s').reading('spo2', 97, '52s');
  const dora = run.patient('p-4').wears('spo2', { gateway: 'kit-p-1' });
  dora
    .steady('spo2', 'not-a-number', '1s', '45s')
    .steady('spo2', 94, '45s', '180s')
    .state('spo2', '90s', { contact: 'no' });
  dora.state('spo2', '120s', {}).refused('spo2', '150s').removed('spo2', '300s');
  run.killed('140s', '200s').run('600s');
  return run;
}

/** One in ten of the records once more, 37 records later: what a batch given up and landed after all looks like. */
function withCopies(records: readonly Keyed[]): Keyed[] {
  return records.flatMap((record, at) => (at % 10 === 3 && at > 37 ? [record, records[at - 37] as Keyed] : [record]));
}

describe('the same records', () => {
  const run = recorded();
  const expected = bodies(run.events);

  test('hold what the run is to show', { tags: ['ALR-REPLAY'] }, () => {
    const types = new Set(run.events.map(({ kind, body }) => (kind === 'alert' ? body.type : body.state)));
    expect([...types].sort()).toEqual(
      'acknowledged closed data-back data-lost degraded eased ended latched monitored not-monitored raised updated'.split(
        ' ',
      ),
    );
  });

  test('judged again give the same bodies', { tags: ['ALR-REPLAY'] }, () => {
    expect(difference(bodies(judge(inPartition(run.records, 0, 1))), expected)).toBeUndefined();
  });

  test('give the same bodies with one in ten of them twice', { tags: ['ALR-REPLAY', 'ALR-EPISODE'] }, () => {
    expect(difference(bodies(judge(inPartition(withCopies(run.records), 0, 1))), expected)).toBeUndefined();
  });

  test('give the same bodies in one partition and in four', { tags: ['ALR-REPLAY'] }, () => {
    const events = [0, 1, 2, 3].flatMap((partition) =>
      judge(inPartition(withCopies(run.records), partition, 4), newEngine(partition, 4)),
    );
    expect(difference(bodies(events), expected)).toBeUndefined();
  });

  test('give the same bodies when the engine is restored from its snapshot over and over', {
    tags: ['ALR-REPLAY', 'ALR-STATE'],
  }, () => {
    let engine = newEngine();
    const events = inPartition(run.records, 0, 1).flatMap((record, at) => {
      const out = judge([record], engine);
      if (at % 7 === 0) engine = restarted(engine, out);
      return out;
    });
    expect(difference(bodies(events), expected)).toBeUndefined();
  });
});
