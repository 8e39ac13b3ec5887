// A patient whom nobody judges at all: no rules, errors in a row, state lost. High and never to be switched off.
import type { TechnicalCause } from '../../contract/index.ts';
import type { Book } from './book.ts';
import { technicalRule } from './technical.ts';

/** Family of the alert. */
export const notMonitored = 'patient-not-monitored';

/** Says so, once. `first` names what it began with. */
export function raiseNotMonitored(book: Book, code: TechnicalCause, first: string, at: number): void {
  if (book.find(notMonitored, 'patient')) return;
  book.raise(
    {
      kind: 'technical',
      family: notMonitored,
      scope: 'patient',
      rule: notMonitored,
      version: 1,
      first,
      onsetAt: at,
      raisedAt: at,
      rules: [technicalRule(notMonitored, 'high', true, at)],
      flags: [],
      cause: { code, id: code },
      ruleSet: null,
      trail: { readings: [], omitted: 0 },
    },
    at,
  );
}

/** What kept the whole patient from being judged is over. */
export function endNotMonitored(book: Book, cause: TechnicalCause, at: number): void {
  const alert = book.find(notMonitored, 'patient');
  if (alert?.cause?.code === cause) book.close(alert, Math.max(at, alert.raisedAt), 'cleared');
}
