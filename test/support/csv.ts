const plainCell = /[^",\r\n]*/y;

/** Records of a text of comma-separated values, read by the letter of RFC 4180; anything else throws. */
export function parseCsv(text: string): string[][] {
  const records: string[][] = [];
  let cells: string[] = [];
  let at = 0;
  while (at < text.length) {
    let cell = '';
    if (text[at] === '"') {
      for (at++; ; at++) {
        if (at >= text.length) throw new Error('a quoted cell does not end');
        if (text[at] !== '"') cell += text[at];
        else if (text[at + 1] === '"') {
          cell += '"';
          at++;
        } else break;
      }
      at++;
    } else {
      plainCell.lastIndex = at;
      cell = plainCell.exec(text)?.[0] ?? '';
      at += cell.length;
    }
    cells.push(cell);
    const isLast = at >= text.length || text.startsWith('\r\n', at);
    if (!isLast && text[at] !== ',') throw new Error(`a cell is followed by ${JSON.stringify(text[at])}`);
    at += isLast ? 2 : 1;
    if (!isLast) continue;
    records.push(cells);
    cells = [];
  }
  return records;
}
