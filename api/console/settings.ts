// What a person chose for this screen: colours, text size, language, single keys. Nothing else is ever stored (console.md 12).
import { signal } from '@preact/signals';
import { type Language, languages, type Messages, setWords } from './words.ts';

export const sizes = [100, 125, 150, 175, 200] as const;

export interface Settings {
  readonly theme: 'dark' | 'light';
  /** Per cent. */
  readonly size: (typeof sizes)[number];
  readonly language: Language;
  /** Single keys act (WCAG 2.1.4). */
  readonly keys: boolean;
}

const place = 'vigil';
const usual: Settings = { theme: 'dark', size: 100, language: 'en', keys: true };

/** What was chosen before; whatever else stands there counts as nothing. */
function stored(): Settings {
  try {
    const { theme, size, language, keys } = JSON.parse(localStorage.getItem(place) ?? '{}') as Record<string, unknown>;
    return {
      theme: theme === 'light' ? 'light' : 'dark',
      size: sizes.find((one) => one === size) ?? usual.size,
      language: languages.find((one) => one === language) ?? usual.language,
      keys: keys !== false,
    };
  } catch {
    return usual;
  }
}

export const settings = signal<Settings>(usual);

/** Puts what was chosen before into force; the language comes a moment later where it is not English. */
export async function openSettings(): Promise<void> {
  await apply(stored());
}

/** Chosen now, on this screen. */
export async function choose(change: Partial<Settings>): Promise<void> {
  const next = { ...settings.value, ...change };
  try {
    localStorage.setItem(place, JSON.stringify(next));
  } catch {
    // A browser that stores nothing: it holds until the page is loaded again.
  }
  await apply(next);
}

async function apply(next: Settings): Promise<void> {
  const html = document.documentElement;
  html.dataset['theme'] = next.theme;
  html.style.fontSize = `${next.size}%`;
  const language = await speak(next.language);
  html.lang = language;
  settings.value = { ...next, language };
}

/** The language that is in force then: English where the other one's file does not come. */
async function speak(language: Language): Promise<Language> {
  let messages: Messages = {};
  try {
    if (language === 'de') messages = (await import('./messages/de.json', { with: { type: 'json' } })).default;
  } catch {
    setWords('en', {});
    return 'en';
  }
  setWords(language, messages);
  return language;
}
