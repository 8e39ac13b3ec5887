// What a publisher did, so that a checker can tell what was lost. `sent` is durable before the bytes leave: nothing can
// reach the log that the journal does not know. `acked` follows the PUBACK and may be lost with the process, which only
// weakens a test. One line a record, its CRC-32C last; a torn last line is dropped.
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { crc32c } from '../../contract/index.ts';

export interface SentRecord {
  readonly device: string;
  readonly boot: number;
  readonly seq: number;
  readonly takenAt: number;
  /** CRC-32C of the payload. */
  readonly crc: number;
}

export interface AckedRecord {
  readonly device: string;
  readonly boot: number;
  readonly seq: number;
  /** Which connection of the device, from 1, and the place of this PUBACK among those of the connection, from 1. */
  readonly connection: number;
  readonly order: number;
}

export interface Journal extends AsyncDisposable {
  /** Resolves when the record is durable; those of one device resolve in their order. */
  sent(record: SentRecord): Promise<void>;
  acked(record: AckedRecord): void;
}

const hex = (crc: number) => crc.toString(16).padStart(8, '0');
const crcOf = (text: string) => hex(crc32c(Buffer.from(text, 'latin1')));
const line = (...fields: readonly (string | number)[]) => {
  const text = fields.join(' ');
  return `${text} ${crcOf(text)}\n`;
};

/** Opens for appending. A write that fails ends every wait with its error: nothing is sent unjournaled. */
export async function openJournal(path: string): Promise<Journal> {
  const file = await open(path, 'a+', 0o600);
  try {
    // A line that a kill tore was never durable, so nothing of it has left: it goes, or it would spoil the next.
    await file.truncate((await file.readFile()).lastIndexOf('\n') + 1);
    return new FileJournal(file);
  } catch (error) {
    await file.close();
    throw error;
  }
}

class FileJournal implements Journal {
  readonly #file: FileHandle;
  #text = '';
  #waiting: PromiseWithResolvers<void>[] = [];
  #draining = false;
  #drained: Promise<void> = Promise.resolve();
  #failure: unknown;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  sent({ device, boot, seq, takenAt, crc }: SentRecord): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    const waiting = Promise.withResolvers<void>();
    this.#waiting.push(waiting);
    this.#add(line('sent', device, boot, seq, takenAt, hex(crc)));
    return waiting.promise;
  }

  acked({ device, boot, seq, connection, order }: AckedRecord): void {
    this.#add(line('acked', device, boot, seq, connection, order));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    while (this.#draining) await this.#drained;
    await this.#file.close();
  }

  #add(text: string): void {
    this.#text += text;
    if (this.#draining) return;
    this.#draining = true;
    this.#drained = this.#drain();
  }

  /** One write in flight; what comes meanwhile joins the next. */
  async #drain(): Promise<void> {
    // The rest of this turn of the event loop joins the first write.
    await null;
    while (this.#text !== '' && !this.#failure) {
      const [text, waiting] = [this.#text, this.#waiting];
      [this.#text, this.#waiting] = ['', []];
      try {
        await this.#file.appendFile(text, 'latin1');
        if (waiting.length > 0) await this.#file.datasync();
        for (const { resolve } of waiting) resolve();
      } catch (error) {
        this.#failure = error;
        for (const { reject } of [...waiting, ...this.#waiting]) reject(error);
      }
    }
    this.#draining = false;
  }
}

/** All that a journal holds. */
export interface JournalRecords {
  readonly sent: readonly SentRecord[];
  readonly acked: readonly AckedRecord[];
  /** Lines that did not verify, a torn last one left out: with any, the journal proves nothing. */
  readonly damaged: number;
}

export async function readJournal(path: string): Promise<JournalRecords> {
  const lines = (await readFile(path, 'latin1')).split('\n');
  // After the last newline nothing stands, or a line that a kill tore.
  lines.pop();
  const sent: SentRecord[] = [];
  const acked: AckedRecord[] = [];
  let damaged = 0;
  for (const text of lines) {
    const at = text.lastIndexOf(' ');
    const [kind, device = '', ...rest] = text.slice(0, at).split(' ');
    if (text.slice(at + 1) !== crcOf(text.slice(0, at))) damaged++;
    else if (kind === 'sent') {
      const [boot = 0, seq = 0, takenAt = 0] = rest.map(Number);
      sent.push({ device, boot, seq, takenAt, crc: Number.parseInt(rest[3] ?? '', 16) });
    } else {
      const [boot = 0, seq = 0, connection = 0, order = 0] = rest.map(Number);
      acked.push({ device, boot, seq, connection, order });
    }
  }
  return { sent, acked, damaged };
}
