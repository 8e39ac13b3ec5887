// A database thread that does what it is told wrong, by the patient asked for: to see what the asker makes of it.
import { parentPort, workerData } from 'node:worker_threads';
import type { FromThread, ToThread } from '../../../../ingest/store/protocol.ts';

/** Counts on for as long as a thread runs in circles. */
const { circles } = workerData as { readonly circles: Int32Array };
const say = (message: FromThread) => parentPort?.postMessage(message);

parentPort?.on('message', (message: ToThread) => {
  if (message.say === 'close') parentPort?.close();
  if (message.say !== 'ask') return;
  const { patient } = message.ask as { readonly patient?: string };
  if (patient === 'throw') throw new Error('a fault in the thread');
  if (patient === 'exit') process.exit(3);
  if (patient === 'stuck') for (;;) Atomics.add(circles, 0, 1);
  if (patient === 'mute') return;
  if (patient === 'fail') {
    say({ say: 'error', id: message.id, error: { code: 'STORE_UNAVAILABLE', message: 'it failed' } });
    return;
  }
  say({ say: 'answer', id: message.id, answer: { numerics: 1, waveforms: 2 } });
});
say({ say: 'ready' });
