// A process with a watchdog and an event loop that stops at a word from the test.
import { startWatchdog } from '../../alerting/watchdog.ts';

const watchdog = await startWatchdog({ opsHost: '127.0.0.1', opsPort: 0 });
const feed = () => {
  const patients = { monitored: 8, degraded: 0, notMonitored: 0 };
  const monitoring = { patients, causes: [], system: false, since: 0, stagesAgeMs: {}, stationsAbleToSound: 0 };
  watchdog.feed({ roles: [{ role: 'alerting', state: 'ok', causes: [], counters: {}, gauges: {} }], monitoring });
};
feed();
setInterval(feed, 1_000);
process.on('message', (ms: number) => {
  const end = performance.now() + ms;
  while (performance.now() < end);
  process.send?.({ timesStuck: watchdog.timesStuck() });
});
process.on('disconnect', () => process.exit());
process.send?.({ port: watchdog.port });
