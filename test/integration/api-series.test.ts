// A series leaves without another check of its rows, so here is the check: what is sent is what its schema says.
import { expect, test } from 'vitest';
import { SeriesView } from '../../contract/index.ts';
import { admit, startTestApi } from '../support/api.ts';

test('a series is what its schema says, gaps as gaps', { tags: ['ING-GAPS', 'API-TIME'] }, async () => {
  await using running = await startTestApi();
  const session = await running.signIn();
  const { patient } = await admit(session);
  const span = 'from=2026-03-01T02:00:00.000Z&to=2026-03-01T03:00:00.000Z';
  const { status, body } = await session.get(`/patients/${patient}/series?vital=spo2&${span}&bucketMs=60000`);
  expect({ status, series: SeriesView.parse(body) }).toMatchObject({
    status: 200,
    series: {
      from: '2026-03-01T02:00:00.000Z',
      unit: '%',
      rows: [[0, 90, 97, 95.12, 3]],
      gaps: [{ from: '2026-03-01T02:00:01.000Z', to: '2026-03-01T03:00:00.000Z', cause: null }],
    },
  });
});
