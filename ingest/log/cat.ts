// Looking at the log beside the process that owns it. Reads files alone; locks, cuts and changes nothing.
import { join } from 'node:path';
import type { Disk, LogRecord, TopicName } from '../../contract/index.ts';
import { scanFolder } from '../../durable/index.ts';
import { decodePayload } from './payload.ts';

/** Records of a topic from the files alone, beside a running system: nothing is locked, nothing changed. */
export async function* scanTopic(
  folder: string,
  topic: TopicName,
  disk: Disk,
  from = 0,
): AsyncGenerator<LogRecord & { readonly partition: number }> {
  for await (const { position, payload } of scanFolder(join(folder, topic), disk, from))
    yield { position, ...decodePayload(payload) };
}
