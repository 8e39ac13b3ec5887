// JUnit's form of a run: a suite for each scenario, a case for each row.
import { failure, type ScenarioResult } from './report.ts';

/** The whole document. */
export function junitXml(results: readonly ScenarioResult[]): string {
  const counts = results.map(({ verdicts }) => verdicts.length);
  const failures = results.map(({ verdicts }) => verdicts.filter(({ ok }) => !ok).length);
  const seconds = results.map(({ tookMs }) => tookMs / 1_000);
  const sizes = `tests="${sum(counts)}" failures="${sum(failures)}" time="${sum(seconds).toFixed(3)}"`;
  const head = '<?xml version="1.0" encoding="UTF-8"?>';
  return [head, `<testsuites name="vigil test" ${sizes}>`, ...results.flatMap(suite), '</testsuites>', ''].join('\n');
}

function suite({ scenario, verdicts, seed, tookMs }: ScenarioResult): string[] {
  const { name, file, proves } = scenario;
  const failures = verdicts.filter(({ ok }) => !ok).length;
  const each = (tookMs / 1_000 / Math.max(1, verdicts.length)).toFixed(4);
  const sizes = `tests="${verdicts.length}" failures="${failures}" time="${(tookMs / 1_000).toFixed(3)}"`;
  return [
    `  <testsuite name="${escaped(name)}" file="${escaped(file)}" ${sizes}>`,
    '    <properties>',
    `      <property name="seed" value="${seed}"/>`,
    ...proves.map((id) => `      <property name="proves" value="${escaped(id)}"/>`),
    '    </properties>',
    ...verdicts.flatMap((verdict) => {
      const { text, place, ok, expected } = verdict;
      const open = `    <testcase classname="${escaped(name)}" name="${escaped(text)}" time="${each}"`;
      if (ok) return [`${open}/>`];
      const said = [place, ...failure(verdict)].join('\n');
      return [
        `${open}>`,
        `      <failure message="${escaped(expected)}">${escaped(said)}</failure>`,
        '    </testcase>',
      ];
    }),
    '  </testsuite>',
  ];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/** Text of an attribute or element; what XML cannot hold is a question mark. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '?')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
