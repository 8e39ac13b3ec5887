// The embedded log: every topic a journal of segment files in a folder. Class C: it keeps what was acknowledged.
// On failure: what cannot be made durable is rejected and never confirmed; `durable/` decides what happens next.
import { dirname, join } from 'node:path';
import { z } from 'zod';
import {
  type Announce,
  type AppendRecord,
  type Clock,
  type Disk,
  type LogHealth,
  type Position,
  type StreamLog,
  TOPICS,
  type TopicName,
  type TopicSettings,
  topicNames,
} from '../../contract/index.ts';
import { ForeignFileError, type Journal, openJournal } from '../../durable/index.ts';
import { compact } from './compaction.ts';
import { cacheBytesMax, housekeepingEveryMs, reserveBytes } from './limits.ts';
import { TopicLog } from './topic-log.ts';

export interface EmbeddedLogOptions {
  /** Absolute path; made if absent. */
  readonly folder: string;
  /** Partitions of `inputs` and `snapshots`; fixed when the folder is made. */
  readonly partitions: number;
  /** Retention of `inputs`: whichever is met first. */
  readonly keepDays: number;
  readonly keepBytes: number;
  /** Caps the size of segment files and reserve, for small disks and tests. */
  readonly segmentBytesMax?: number;
}

export interface EmbeddedLogPorts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly announce: Announce;
  readonly onFatal: (error: Error) => void;
}

/** The embedded driver, which can also be told what its readers still need. */
export interface EmbeddedLog extends StreamLog {
  /** Nothing at or behind this position may be dropped by retention; the lowest of all that were told counts. */
  setNeeded(topic: TopicName, reader: string, position: Position): void;
  /** One round of retention and compaction. */
  tidy(): Promise<void>;
}

const dayMs = 86_400_000;

/** Opens the log of a folder; throws `ForeignFileError` where it was made with another number of partitions. */
export async function openEmbeddedLog(options: EmbeddedLogOptions, ports: EmbeddedLogPorts): Promise<EmbeddedLog> {
  await using stack = new AsyncDisposableStack();
  await ports.disk.makeFolder(options.folder);
  await checkPartitions(options, ports.disk);
  const topics = new Map<TopicName, TopicLog>();
  for (const name of topicNames) {
    const journal = stack.use(await openJournal<AppendRecord>(journalOptions(name, options), ports));
    const partitions = TOPICS[name].partitions === 'inputs' ? options.partitions : 1;
    topics.set(name, new TopicLog(name, partitions, journal, cacheBytesMax));
  }
  const housekeeping = new Housekeeping(topics, options, ports);
  stack.use(housekeeping);
  const opened = stack.move();
  const topic = (name: TopicName) => topics.get(name) as TopicLog;
  return {
    partitions: (name) => topic(name).partitions,
    append: (name, records, { lane }) => topic(name).append(records, lane),
    read: (name, partition, from, { signal, maxRecords }) => topic(name).read(partition, from, signal, maxRecords),
    bounds: async (name, partition) => topic(name).bounds(partition),
    health: () => healthOf(topics.values()),
    setNeeded: (name, reader, position) => housekeeping.setNeeded(name, reader, position),
    tidy: () => housekeeping.tidy(),
    async [Symbol.asyncDispose]() {
      for (const each of topics.values()) each.close();
      await opened.disposeAsync();
    },
  };
}

function journalOptions(name: TopicName, { folder, segmentBytesMax = Number.POSITIVE_INFINITY }: EmbeddedLogOptions) {
  const reserve = name === 'inputs' || name === 'alerts' ? reserveBytes[name] : reserveBytes.other;
  return {
    folder: join(folder, name),
    segmentBytes: Math.min(TOPICS[name].segmentBytes, segmentBytesMax),
    reserveBytes: Math.min(reserve, segmentBytesMax),
  };
}

/** The number of partitions decides where a key lives: it cannot change under records that are there. */
async function checkPartitions({ folder, partitions }: EmbeddedLogOptions, disk: Disk): Promise<void> {
  const path = join(folder, 'partitions');
  // The last process may have been killed between the rename and the sync.
  await disk.syncFolder(dirname(folder));
  await disk.syncFolder(folder);
  const names = await disk.list(folder);
  if (!names.includes('partitions')) {
    const file = await disk.open(`${path}.new`, { create: !names.includes('partitions.new'), durable: false });
    await file.write(new TextEncoder().encode(`${partitions}\n`), 0);
    await file.sync();
    await file.close();
    await disk.rename(`${path}.new`, path);
    return disk.syncFolder(folder);
  }
  const file = await disk.open(path, { create: false, durable: false });
  const made = z.coerce
    .number()
    .int()
    .safeParse(new TextDecoder().decode(await file.read(16, 0)).trim());
  await file.close();
  if (made.data !== partitions)
    throw new ForeignFileError(
      `${folder} was made with ${made.data ?? 'an unknown number of'} partitions, the configuration says ${partitions}`,
    );
}

function healthOf(topics: Iterable<TopicLog>): LogHealth {
  let worst: LogHealth = { state: 'ok', detail: '' };
  for (const { name, journal } of topics) {
    if (journal.state === 'down') return { state: 'down', detail: name };
    if (journal.state === 'full' && worst.state === 'ok') worst = { state: 'full', detail: name };
  }
  return worst;
}

/** Retention and compaction, in the background and one topic at a time. */
class Housekeeping implements AsyncDisposable {
  readonly #topics: ReadonlyMap<TopicName, TopicLog>;
  readonly #options: EmbeddedLogOptions;
  readonly #ports: EmbeddedLogPorts;
  readonly #needed = new Map<TopicName, Map<string, Position>>();
  readonly #stopping = new AbortController();
  readonly #loop: Promise<void>;
  #lastRound: Promise<void> = Promise.resolve();
  readonly #announced = new Set<TopicName>();

  constructor(topics: ReadonlyMap<TopicName, TopicLog>, options: EmbeddedLogOptions, ports: EmbeddedLogPorts) {
    this.#topics = topics;
    this.#options = options;
    this.#ports = ports;
    this.#loop = this.#run();
  }

  setNeeded(name: TopicName, reader: string, position: Position): void {
    const readers = this.#needed.get(name) ?? new Map<string, Position>();
    this.#needed.set(name, readers.set(reader, position));
  }

  /** One round at a time: two would write the same file. */
  tidy(): Promise<void> {
    const round = this.#lastRound.then(() => this.#tidy());
    this.#lastRound = round.catch(() => {});
    return round;
  }

  async #tidy(): Promise<void> {
    for (const [name, topic] of this.#topics) {
      const settings: TopicSettings = TOPICS[name];
      if (settings.compacted) await compact(topic);
      else await this.#retain(name, topic.journal, settings);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    await this.#lastRound;
  }

  async #run(): Promise<void> {
    const { clock, announce } = this.#ports;
    for (;;) {
      await clock.sleep(housekeepingEveryMs, this.#stopping.signal).catch(() => {});
      if (this.#stopping.signal.aborted) return;
      await this.tidy().catch((error: Error) =>
        announce('warning', `log: housekeeping failed (${error.message}); it is tried again`),
      );
    }
  }

  async #retain(name: TopicName, journal: Journal<AppendRecord>, { keepDays }: TopicSettings): Promise<void> {
    const days = keepDays === 'inputs' ? this.#options.keepDays : keepDays;
    if (days === null) return;
    const bytesMax = keepDays === 'inputs' ? this.#options.keepBytes : Number.POSITIVE_INFINITY;
    const wanted = journal.droppableBefore(this.#ports.clock.wall() - days * dayMs, bytesMax);
    const needed = Math.min(...(this.#needed.get(name)?.values() ?? []), Number.POSITIVE_INFINITY);
    if (wanted > needed && !this.#announced.has(name)) {
      this.#announced.add(name);
      this.#ports.announce('warning', `log: ${name} is kept beyond its limit because a reader is not there yet`);
    }
    if (wanted <= needed) this.#announced.delete(name);
    await journal.dropBefore(Math.min(wanted, needed));
  }
}
