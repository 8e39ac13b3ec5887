import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootFolder } from '../support/program.ts';

/** A block of code of the page, in its order. A script block names its file in its first line. */
export type Block =
  | { readonly kind: 'sh'; readonly text: string }
  | { readonly kind: 'file'; readonly name: string; readonly text: string };

/** The code of README's section "Send a reading", to the letter. */
export function sendAReadingBlocks(): readonly Block[] {
  const readme = readFileSync(join(rootFolder, 'README.md'), 'utf8');
  const [, section] = /^## Send a reading\n(.*?)(?=^## |$(?![\s\S]))/ms.exec(readme) ?? [];
  if (section === undefined) throw new Error('README.md has no section "Send a reading"');
  return [...section.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, text = '']) => {
    if (language === 'sh') return { kind: 'sh', text };
    const name = /^\/\/ (\S+)\n/.exec(text)?.[1];
    if (language !== 'js' || name === undefined) throw new Error(`a block of ${language} that nobody can run`);
    return { kind: 'file', name, text };
  });
}
