// The oracle's own calendar: no zone, no library, no `Date`. A time without a zone is taken as UTC.

const dayMs = 86_400_000;

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

function daysOf(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Milliseconds since 1970 of `2023-12-08T00:04:00`, counted day by day. */
export function instantOf(text: string): number {
  const match = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?$/.exec(text.trim());
  if (!match) throw new Error(`the oracle reads no time in "${text}"`);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  let days = day - 1;
  for (let each = 1970; each < year; each++) days += isLeap(each) ? 366 : 365;
  for (let each = 1; each < month; each++) days += daysOf(year, each);
  const milliseconds = Number((match[7] ?? '0').padEnd(3, '0'));
  return days * dayMs + hour * 3_600_000 + minute * 60_000 + second * 1_000 + milliseconds;
}

/** The other way round, for people who read a difference. */
export function wordsOf(instant: number): string {
  let days = Math.floor(instant / dayMs);
  let year = 1970;
  for (; days >= (isLeap(year) ? 366 : 365); year++) days -= isLeap(year) ? 366 : 365;
  let month = 1;
  for (; days >= daysOf(year, month); month++) days -= daysOf(year, month);
  const rest = instant - Math.floor(instant / dayMs) * dayMs;
  const two = (number: number) => String(Math.floor(number)).padStart(2, '0');
  const clock = `${two(rest / 3_600_000)}:${two((rest / 60_000) % 60)}:${two((rest / 1_000) % 60)}`;
  return `${year}-${two(month)}-${two(days + 1)}T${clock}.${String(rest % 1_000).padStart(3, '0')}`;
}
