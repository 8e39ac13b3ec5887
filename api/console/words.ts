// Every text of the console, by its key (console.md 10). English is built in; another language replaces it, and what it lacks
// is said in English. What a value holds stays text: nothing here makes markup.
import { IntlMessageFormat } from 'intl-messageformat';
import english from './messages/en.json' with { type: 'json' };

export type MessageKey = keyof typeof english;
export type Messages = Readonly<Partial<Record<MessageKey, string>>>;
export type Values = Readonly<Record<string, string | number>>;

export const languages = ['en', 'de'] as const;
export type Language = (typeof languages)[number];

let language: Language = 'en';
let texts: Messages = english;
let made = new Map<MessageKey, IntlMessageFormat>();

/** Says everything in this language from now on. */
export function setWords(next: Language, messages: Messages): void {
  language = next;
  texts = messages;
  made = new Map();
}

export function languageNow(): Language {
  return language;
}

/** The text of a key. A text without placeholders costs a look-up. */
export function t(key: MessageKey, values?: Values): string {
  const text = texts[key] ?? english[key];
  if (values === undefined && !text.includes('{')) return text;
  let format = made.get(key);
  if (!format) {
    format = new IntlMessageFormat(text, texts[key] === undefined ? 'en' : language);
    made.set(key, format);
  }
  return String(format.format(values));
}

/** A key that is put together from a word of the server: its text, or null where this build has none. */
export function maybe(key: string): string | null {
  return key in english ? t(key as MessageKey) : null;
}
