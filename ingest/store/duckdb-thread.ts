// The database's own thread: no statement, no row and no result is built on the event loop of those who judge.
//
// Invariants: every question is answered exactly once. After a failed write the database must give the positions that are
// held in memory, or the thread ends and is opened anew; it never goes on with a state it does not know.
import { parentPort, workerData } from 'node:worker_threads';
import type { DuckDBConnection } from '@duckdb/node-api';
import { type NumericColumns, pointsOf } from '../../contract/index.ts';
import { buffersOf, pointColumns } from './columns.ts';
import { openDatabase } from './duckdb-file.ts';
import { Lane } from './duckdb-lane.ts';
import { countOf, latestOf, rangeOf, seriesOf, waveformOf } from './duckdb-read.ts';
import { compactSpans, writeBatch } from './duckdb-write.ts';
import { factsOf } from './errors.ts';
import { readsWaitingMax, shortReadRowsMax, threadNiceness } from './limits.ts';
import { loadMemory, type Memory, readPositions } from './memory.ts';
import { stepBack } from './priority.ts';
import type { DatabaseOptions, FromThread, QuestionKind, Questions, ToThread } from './protocol.ts';

/** An answer and the arrays in it that may be moved. */
interface Answered<K extends QuestionKind> {
  readonly answer: Questions[K]['answer'];
  readonly move?: ArrayBuffer[];
}
type Handlers = {
  readonly [K in Exclude<QuestionKind, 'write' | 'positions'>]: (
    connection: DuckDBConnection,
    ask: Questions[K]['ask'],
  ) => Promise<Answered<K>> | Answered<K>;
};

const port = parentPort;
if (!port) throw new Error('the database runs in a thread of its own');
const say = (message: FromThread, move: ArrayBuffer[] = []) => port.postMessage(message, move);

stepBack(threadNiceness);
try {
  await serve();
} catch (error) {
  say({ say: 'failed', error: factsOf(error) });
}

async function serve(): Promise<void> {
  const instance = await openDatabase(workerData as DatabaseOptions);
  const writer = await instance.connect();
  const memory = await loadMemory(writer);
  const writes = new Lane(writer, 2);
  // A newest value or a page of a list waits for no chart of a month.
  const shortReads = new Lane(await instance.connect(), readsWaitingMax);
  const longReads = new Lane(await instance.connect(), readsWaitingMax);
  const lanes = [writes, shortReads, longReads];
  const handlers = readers(memory);

  port?.on('message', (message: ToThread) => {
    if (message.say === 'abort') {
      for (const lane of lanes) lane.abort(message.id);
    } else if (message.say === 'close') void close();
    else if (message.kind === 'positions') say({ say: 'answer', id: message.id, answer: memory.positions });
    else if (message.kind === 'write')
      enqueue(writes, message.id, (connection) => write(connection, memory, message.ask as Questions['write']['ask']));
    else {
      const handle = handlers[message.kind] as (connection: DuckDBConnection, ask: unknown) => Promise<Answered<never>>;
      enqueue(isShort(message.kind, message.ask) ? shortReads : longReads, message.id, async (connection) =>
        handle(connection, message.ask),
      );
    }
  });
  say({ say: 'ready' });

  async function close(): Promise<void> {
    await Promise.all(lanes.map((lane) => lane.close({ interrupt: lane !== writes })));
    instance.closeSync();
    port?.close();
  }
}

function isShort(kind: QuestionKind, ask: unknown): boolean {
  return kind === 'latest' || (kind === 'range' && (ask as Questions['range']['ask']).limit <= shortReadRowsMax);
}

function enqueue(lane: Lane, id: number, run: (connection: DuckDBConnection) => Promise<Answered<QuestionKind>>): void {
  lane.add({
    id,
    run,
    done: (error, result) => {
      if (error !== undefined) return say({ say: 'error', id, error: factsOf(error) });
      const { answer, move } = result as Answered<QuestionKind>;
      say({ say: 'answer', id, answer }, move);
    },
  });
}

async function write(
  connection: DuckDBConnection,
  memory: Memory,
  ask: Questions['write']['ask'],
): Promise<Answered<'write'>> {
  try {
    const answer = await writeBatch(connection, memory, ask);
    await compactSpans(connection, memory);
    return { answer };
  } catch (error) {
    await proveUnchanged(connection, memory);
    throw error;
  }
}

/** A commit that failed may have happened, and a fatal error leaves a database that answers nothing more. */
async function proveUnchanged(connection: DuckDBConnection, memory: Memory): Promise<void> {
  const stored = await readPositions(connection).catch(() => []);
  const unchanged =
    stored.length === memory.positions.length &&
    stored.every((each, partition) => each === memory.positions[partition]);
  // Thrown outside of any promise it ends the thread; whoever waits is told, and the file is opened anew.
  if (!unchanged)
    setImmediate(() => {
      throw new Error('a write failed and the database is not as before; opened anew');
    });
}

function readers(memory: Memory): Handlers {
  const { names, latest } = memory;
  const moved = (points: NumericColumns) => ({ answer: points, move: buffersOf(points) });
  const none = () => moved(pointColumns([]));
  return {
    latest: async (connection, ask) => {
      const patient = names.codeOf(ask.patient);
      if (patient === undefined) return none();
      const held = latest.of(patient);
      if (held) return moved(pointColumns(held));
      latest.begin(patient);
      return moved(pointColumns(latest.fill(patient, pointsOf(await latestOf(connection, patient, names)))));
    },
    range: async (connection, ask) => {
      const patient = names.codeOf(ask.patient);
      if (patient === undefined) return none();
      return moved(await rangeOf(connection, { ...ask, patient }, names));
    },
    series: async (connection, ask) => {
      // An unknown patient has code -1, which no row has: one hole as long as the range.
      const answer = await seriesOf(connection, { ...ask, patient: names.codeOf(ask.patient) ?? -1 });
      return { answer, move: buffersOf(answer.buckets, answer.gaps) };
    },
    waveform: async (connection, ask) => {
      const patient = names.codeOf(ask.patient) ?? -1;
      const answer = await waveformOf(connection, { ...ask, patient }, names);
      return { answer, move: [answer.bytes.buffer, answer.ends.buffer] };
    },
    count: async (connection, ask) => {
      if (ask.patient === undefined) return { answer: await countOf(connection, undefined) };
      const patient = names.codeOf(ask.patient);
      return { answer: patient === undefined ? { numerics: 0, waveforms: 0 } : await countOf(connection, patient) };
    },
  };
}
