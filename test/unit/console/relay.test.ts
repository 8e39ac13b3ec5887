// From the worker to the page: whatever came, the page's ward is the worker's.
import { describe, expect, test } from 'vitest';
import { emptyWard, fold, type Ward } from '../../../api/console/fold.ts';
import { newsOf, withNews } from '../../../api/console/relay.ts';
import { alert, message, now, snapshot, system, tile } from './views.ts';

const head = { link: 'live', silentMs: 0, mono: 0, ended: null } as const;
const other = tile({ patient: { ...tile().patient, id: 'p-2' } });
const events: readonly (readonly [string, unknown])[] = [
  ['snapshot', snapshot({ tiles: [tile(), other] })],
  ['tile', tile({ monitoring: { state: 'degraded' } })],
  ['alert', message(1, alert())],
  ['hb', { serverTs: now, engineTs: now, seq: 4, nextBy: now }],
  ['alert', message(2, alert({ revision: 2, state: 'closed', peak: 'medium', closedAt: now }))],
  ['system', system({ state: 'not-monitored', system: true })],
  ['tile', other],
  ['snapshot', snapshot({ tiles: [other], system: null })],
];

/** The page's ward after each event, told after those that `tells` picks. */
function relayed(tells: (at: number) => boolean) {
  let [worker, page]: [Ward, Ward] = [emptyWard(), emptyWard()];
  let told: Ward | null = null;
  const sizes: number[] = [];
  for (const [at, [event, data]] of events.entries()) {
    worker = fold(worker, { event, data, arrivedMono: at }).ward;
    if (!tells(at)) continue;
    const news = newsOf(told, worker, head);
    told = worker;
    sizes.push(news.tiles.length);
    page = withNews(page, structuredClone(news));
  }
  return { worker, page, sizes };
}

describe("the page's ward is the worker's", { tags: ['API-STATE'] }, () => {
  test.for<[string, (at: number) => boolean]>([
    ['told of everything', () => true],
    ['told at the end', (at) => at === events.length - 1],
    ['told now and then', (at) => at % 3 === 1 || at === events.length - 1],
  ])('%s', ([, tells]) => {
    const { worker, page } = relayed(tells);
    const { realm, version, server, tiles, alerts, over, system: whole } = worker;
    expect(page).toMatchObject({ realm, version, server, tiles, alerts, over, system: whole });
  });

  test('what did not change is not told again', () => {
    const { sizes } = relayed(() => true);
    expect(sizes).toEqual([2, 1, 0, 0, 0, 0, 1, 1]);
  });
});
