// The thread that puts long answers into words, so that the event loop of those who judge hands out bytes only.
import { parentPort } from 'node:worker_threads';
import { stepBack } from './priority.ts';
import { type TextKind, type Texts, textOf } from './texts.ts';

export type ToTextThread = { readonly id: number; readonly kind: TextKind; readonly ask: Texts[TextKind] };
export type FromTextThread =
  | { readonly id: number; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly id: number; readonly failed: string };

/** A text takes the processor after everybody else: a third of what one other wants fully. */
const niceness = 5;

const port = parentPort;
if (!port) throw new Error('texts are made in a thread of their own');
stepBack(niceness);
port.on('message', ({ id, kind, ask }: ToTextThread) => {
  try {
    const bytes = textOf(kind, ask);
    port.postMessage({ id, bytes } satisfies FromTextThread, [bytes.buffer]);
  } catch (error) {
    port.postMessage({ id, failed: String(error) } satisfies FromTextThread);
  }
});
