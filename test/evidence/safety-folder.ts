import { readdirSync, readFileSync } from 'node:fs';
import type { Source } from './read.ts';

const safety = new URL('../../safety/', import.meta.url);

/** One file of the safety folder, by its path in it. */
export function safetyFile(name: string): Source {
  return { path: `safety/${name}`, text: readFileSync(new URL(name, safety), 'utf8') };
}

/** The requirement files: what tests may cite. */
export function requirementFiles(): Source[] {
  const names = readdirSync(new URL('requirements/', safety)).filter((name) => name.endsWith('.md'));
  return names.toSorted().map((name) => safetyFile(`requirements/${name}`));
}

/** Every file of the safety folder that holds items. */
export function itemFiles(): Source[] {
  return [...requirementFiles(), ...['hazards.md', 'soup.md', 'anomalies.md'].map(safetyFile)];
}
