// Texts: by key, in a language, with values that stay text; and what the build refuses.
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { budgetBytes, fallbacks, gzBytes, messageFaults, sizeFaults } from '../../../api/console/bundle-checks.ts';
import { languageNow, languages, maybe, setWords, t } from '../../../api/console/words.ts';

const read = (language: string): Record<string, string> =>
  JSON.parse(readFileSync(new URL(`../../../api/console/messages/${language}.json`, import.meta.url), 'utf8'));

afterEach(() => setWords('en', {}));

describe('a text', { tags: ['API-READABLE'] }, () => {
  test('takes its values, and a plural', () => {
    expect(t('safety.notMonitored', { count: 1 })).toBe('1 PATIENT NOT MONITORED');
    expect(t('safety.notMonitored', { count: 8 })).toBe('8 PATIENTS NOT MONITORED');
  });

  test('a value is text, whatever it holds', { tags: ['API-PATIENT'] }, () => {
    expect(t('act.changed', { what: "<img src=x> {count} '{" })).toBe(
      "Changed while this was open: <img src=x> {count} '{",
    );
  });

  test('a language replaces English, which says what it lacks', () => {
    setWords('de', { 'alert.none': 'Kein Alarm' });
    expect([t('alert.none'), t('alert.notKnown'), languageNow()]).toEqual(['Kein Alarm', 'Not known', 'de']);
    expect(t('safety.notMonitored', { count: 2 })).toBe('2 PATIENTS NOT MONITORED');
  });

  test('a word of the server that this build does not know has no text', () => {
    expect(maybe('cause.stale')).toBe('no reading');
    expect(maybe('cause.unheard-of')).toBeNull();
  });
});

describe('the texts of the console', { tags: ['API-READABLE'] }, () => {
  test.for(languages)('every text that is said of a patient exists in %s, and fits', (language) => {
    const catalogues = { en: read('en'), [language]: read(language) };
    const faults = messageFaults({ catalogues, code: [] }).filter((fault) => !fault.includes('nobody uses'));
    expect(faults).toEqual([]);
  });
});

describe('the build refuses', () => {
  const good = { en: { 'alert.a': 'A {x}', 'screen.b': 'B' }, de: { 'alert.a': 'Ä {x}' } };
  const code = ["t('alert.a'); t('screen.b')"];

  test('nothing of what is right; a text that may fall back does', () => {
    expect(messageFaults({ catalogues: good, code })).toEqual([]);
    expect(fallbacks({ catalogues: good, code }, 'de')).toBe(1);
    expect(fallbacks({ catalogues: good, code }, 'pl')).toBe(2);
  });

  test.for<[string, object, readonly string[], string]>([
    ['a clinical text that is missing', { de: {} }, code, 'de: alert.a is missing'],
    ['a key that nobody uses', {}, ["t('alert.a')"], 'en: nobody uses screen.b'],
    ['a key that does not exist', {}, [...code, "t('alert.c')"], 'en: alert.c is missing'],
    ['a key that English lacks', { de: { 'alert.a': '{x}', 'alert.z': '' } }, code, 'de: alert.z is not in en'],
    ['another placeholder', { de: { 'alert.a': '{y}' } }, code, 'de: alert.a has {y}, en has {x}'],
    [
      'one inside a plural',
      { de: { 'alert.a': '{x, plural, other {# {z}}}' } },
      code,
      'de: alert.a has {x, z}, en has {x}',
    ],
    ['no ICU message', { de: { 'alert.a': '{x' } }, code, 'de: alert.a is no ICU message'],
    [
      'a word that promises what is not so',
      { en: { 'alert.a': 'Mute {x}', 'screen.b': 'B' } },
      code,
      'en: alert.a says "Mute"',
    ],
    ['the same in German', { de: { 'alert.a': 'Stummschalten {x}' } }, code, 'de: alert.a says "Stumm"'],
  ])('%s', ([, changes, given, fault]) => {
    expect(messageFaults({ catalogues: { ...good, ...changes }, code: given })).toEqual([fault]);
  });

  test('a key that is put together counts by its beginning', () => {
    expect(messageFaults({ catalogues: good, code: ["t(`alert.${x}`); t('screen.b')"] })).toEqual([]);
  });

  test('a file beyond its budget', () => {
    expect(sizeFaults({ entry: budgetBytes.entry, worker: 1 })).toEqual([]);
    expect(sizeFaults({ worker: 8_001 })).toEqual(['worker: 8001 B gz, at most 8000']);
    expect(gzBytes(Buffer.alloc(10_000))).toBeLessThan(200);
  });
});
