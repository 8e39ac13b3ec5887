// The list of open alerts: what stands in it, in which order, and what stands as one row.
import { describe, expect, test } from 'vitest';
import { emptyWard, fold, type Ward } from '../../../api/console/fold.ts';
import { railOf } from '../../../api/console/rail-look.ts';
import { shortTime } from '../../../api/console/times.ts';
import { alert, now, reed, snapshot, technical, tile } from './views.ts';

const look = { live: true, serverNow: Date.parse(now) };
const wardOf = (data: object): Ward =>
  fold(emptyWard(), { event: 'snapshot', data: snapshot(data), arrivedMono: 0 }).ward;
const rail = (alerts: readonly object[], live = true) => railOf(wardOf({ alerts }), { ...look, live });
const medium = alert({ id: 'a-3', priority: 'medium', signalPriority: 'medium' });
const other = { ...tile().patient, id: 'p-2', bed: 'Bed 2', name: 'BIRCH, Tom' };
const lost = { code: 'gateway-lost', id: 'gateway-lost:g-1' };
const signals = (patient: object = tile().patient, id = 't') =>
  ['spo2', 'pulse', 'II'].map((signal) =>
    technical({ id: `${id}-${signal}`, patient, scope: `source:d-1:${signal}`, cause: lost, signalPriority: 'medium' }),
  );
const kit = technical({ id: 'kit', patient: null, scope: 'gateway:g-1', cause: lost, signalPriority: 'medium' });

describe('rows', () => {
  test('patients in danger apart from our blindness, the worst first', { tags: ['ALR-TECH'] }, () => {
    const { alerts, technical: blind } = rail([medium, technical(), alert()]);
    expect(alerts.map(({ alert: { id } }) => id)).toEqual(['a-1', 'a-3']);
    expect(blind.map(({ alert: { id } }) => id)).toEqual(['a-2']);
  });

  test('a row names bed, what, how much, who, and can be taken', { tags: ['API-PATIENT', 'API-ACK'] }, () => {
    const [row] = rail([alert()]).alerts;
    expect(row).toMatchObject({ bed: '1', title: 'SpO2', number: '84 ≤\u00a088 %', canAcknowledge: true, key: 'a-1' });
    expect(row?.lines).toEqual(['ALDER, Mary 4471']);
  });

  test('one that somebody has: who, since when, when it comes again; and nothing to press', () => {
    const taken = alert({ state: 'acknowledged', acknowledged: reed });
    const { alerts, acknowledged } = rail([taken]);
    expect(alerts[0]?.lines[1]).toBe(`K. Reed ${shortTime(reed.at)} · again in 4:48`);
    expect(alerts[0]?.canAcknowledge).toBe(false);
    expect(acknowledged).toBe(1);
    expect(rail([taken], false).alerts[0]?.lines[1]).toBe(`K. Reed ${shortTime(reed.at)}`);
  });

  test('latched: its number now is that of its own patient', { tags: ['ALR-LATCH'] }, () => {
    const latched = alert({ state: 'latched' });
    expect(rail([latched]).alerts[0]).toMatchObject({ number: 'was 84, now 95', canAcknowledge: true });
    expect(rail([latched], false).alerts[0]?.number).toBe('was 84, over, not acknowledged');
  });

  test('a limit that was changed is reviewed, not acknowledged', () => {
    expect(rail([alert({ state: 'needs-review' })]).alerts[0]).toMatchObject({ canAcknowledge: false });
  });
});

describe('one lost kit is one row', { tags: ['ALR-GROUP'] }, () => {
  test('its signals and itself, with the patient behind it', () => {
    const { technical: rows } = rail([kit, ...signals()]);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ bed: '1', title: 'kit lost', number: '', key: 'cause gateway-lost:g-1' });
    expect(rows[0]?.lines).toEqual(['ALDER, Mary 4471 · 3 signals']);
    expect(rows[0]?.members).toHaveLength(4);
  });

  test('a press is about one alert: the worst that calls for a person', { tags: ['API-ACK'] }, () => {
    const [first, ...rest] = [kit, ...signals()];
    const taken = { ...first, state: 'acknowledged', acknowledged: reed };
    expect(rail([taken, ...rest]).technical[0]).toMatchObject({ canAcknowledge: true });
    expect(rail([taken, ...rest]).technical[0]?.alert.id).not.toBe('kit');
    const all = [taken, ...rest.map((one) => ({ ...one, state: 'acknowledged', acknowledged: reed }))];
    expect(rail(all).technical[0]).toMatchObject({ canAcknowledge: false, band: { look: 'acknowledged' } });
  });

  test('several patients behind one cause are all named', { tags: ['API-PATIENT'] }, () => {
    const [row] = rail([kit, ...signals(), ...signals(other, 'u')]).technical;
    expect(row).toMatchObject({ bed: '' });
    expect(row?.lines[0]).toBe('1 ALDER, Mary; 2 BIRCH, Tom · 6 signals');
  });

  test('a kit by itself names those behind it too', () => {
    expect(rail([kit]).technical[0]).toMatchObject({ bed: '', title: 'kit lost', lines: [] });
  });

  test('a high one stands by itself, and another cause is another row', () => {
    const high = technical({ id: 'h', cause: lost, signalPriority: 'high' });
    const off = technical({ id: 'o', cause: { code: 'lead-off', id: 'lead-off:d-9' }, signalPriority: 'low' });
    const rows = rail([...signals(), high, off]).technical;
    expect(rows.map(({ alert: { id } }) => id)).toEqual(['h', 't-II', 'o']);
  });

  test('an alert without a cause is a row of its own', () => {
    const bare = technical({ id: 'b', cause: null, signalPriority: 'low', family: 'store-down', scope: 'system' });
    expect(rail([bare, { ...bare, id: 'c' }]).technical.map(({ title }) => title)).toEqual([
      'store down',
      'store down',
    ]);
  });
});

describe('what is changed or found later', () => {
  test('a paused alarm stays visible under "changed", and is no open row', () => {
    const { alerts, changed } = rail([alert({ state: 'paused' })]);
    expect(alerts).toEqual([]);
    expect(changed).toEqual([{ key: 'a-1', bed: '1', what: 'SpO2 low paused', how: '' }]);
    const nobody = alert({ state: 'paused', patient: null });
    expect(rail([nobody]).changed).toMatchObject([{ bed: '' }]);
  });

  test('altered limits', { tags: ['ALR-DEFAULT'] }, () => {
    const ward = wardOf({ tiles: [tile({ alteredLimits: ['spo2-low'] })] });
    expect(railOf(ward, look).changed).toMatchObject([{ bed: '1', what: 'spo2 low altered' }]);
  });

  test('found later is a list of its own', () => {
    const { alerts, later } = rail([alert({ state: 'retrospective' })]);
    expect(alerts).toEqual([]);
    expect(later).toMatchObject([{ canAcknowledge: false, band: { glyph: 'clock-back' } }]);
  });
});
