// Rows of a table as text (RFC 4180 and its common kin), one at a time.
import { RecordingError } from './errors.ts';
import { rowBytesMax } from './limits.ts';

export interface Row {
  /** Line on which it begins, from 1. */
  readonly line: number;
  /** Trimmed, quotes taken off. */
  readonly cells: readonly string[];
}

/** All lines that hold something, cut at line ends outside quotes. */
export async function* linesOf(
  bytes: AsyncIterable<Uint8Array>,
  path: string,
): AsyncGenerator<{ readonly line: number; readonly text: string }, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  let rest = '';
  for await (const text of texts(bytes, decoder, path)) {
    rest += text;
    for (;;) {
      const end = lineEnd(rest);
      if (end < 0) break;
      const whole = rest.slice(0, end);
      if (whole.trim() !== '') yield { line, text: whole };
      line += 1 + (whole.match(/\n/g)?.length ?? 0);
      rest = rest.slice(end + 1);
    }
    if (rest.length > rowBytesMax)
      throw new RecordingError(path, `line ${line}`, `longer than ${rowBytesMax} bytes, or a quote that does not end`);
  }
  if (rest.trim() !== '') yield { line, text: rest };
}

async function* texts(
  bytes: AsyncIterable<Uint8Array>,
  decoder: InstanceType<typeof TextDecoder>,
  path: string,
): AsyncGenerator<string> {
  let offset = 0;
  const decode = (chunk?: Uint8Array) => {
    const text = decoded(decoder, chunk);
    if (text === undefined) throw new RecordingError(path, `from byte ${offset}`, 'not UTF-8; save it as UTF-8 text');
    return text;
  };
  for await (const chunk of bytes) {
    if (chunk.includes(0))
      throw new RecordingError(path, `byte ${offset + chunk.indexOf(0)}`, 'a zero byte, expected UTF-8 text');
    yield decode(chunk);
    offset += chunk.length;
  }
  yield decode();
}

function decoded(decoder: InstanceType<typeof TextDecoder>, chunk: Uint8Array | undefined): string | undefined {
  try {
    return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
  } catch {
    return undefined;
  }
}

/** Index of the first line end outside quotes; -1: there is none yet. */
function lineEnd(text: string): number {
  const first = text.indexOf('\n');
  const quote = text.indexOf('"');
  if (quote < 0 || (first >= 0 && first < quote)) return first;
  let isQuoted = false;
  for (let i = quote; i < text.length; i++) {
    if (text[i] === '"') isQuoted = !isQuoted;
    else if (text[i] === '\n' && !isQuoted) return i;
  }
  return -1;
}

/** Cells of one line; a quote within quotes is doubled. */
export function cellsOf(text: string, delimiter: string): string[] {
  if (!text.includes('"')) return text.split(delimiter).map((cell) => cell.trim());
  const cells: string[] = [];
  let cell = '';
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i] as string;
    if (isQuoted && char === '"' && text[i + 1] === '"') {
      cell += '"';
      i++;
    } else if (char === '"') isQuoted = !isQuoted;
    else if (char === delimiter && !isQuoted) {
      cells.push(cell.trim());
      cell = '';
    } else cell += char;
  }
  return [...cells, cell.trim()];
}
