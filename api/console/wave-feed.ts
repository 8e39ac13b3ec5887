// Between the stream and the strips: who draws a lead says so here, the stream's side asks the server for what is wanted and
// hands on what comes. Whoever follows the stream calls `put` with each `w` event and looks at `wanted`.
import { signal } from '@preact/signals';
import { streamLeadsMax } from '../../contract/http-tables.ts';
import type { WaveBlock } from './wave-ring.ts';

export interface FedBlock extends WaveBlock {
  readonly patient: string;
  readonly lead: string;
}

type Take = (block: FedBlock) => void;

const takers = new Map<string, Set<Take>>();

/** `patient:lead` of every strip in view, in the order of asking, at most as many as one stream carries. */
export const wanted = signal<readonly string[]>([]);

/** Blocks of this lead go to `take` until the returned function is called. */
export function takeWaves(patient: string, lead: string, take: Take): () => void {
  const key = `${patient}:${lead}`;
  const own = takers.get(key) ?? new Set<Take>();
  takers.set(key, own.add(take));
  tell();
  return () => {
    own.delete(take);
    if (own.size === 0 && takers.get(key) === own) takers.delete(key);
    tell();
  };
}

function tell(): void {
  const next = [...takers.keys()].slice(0, streamLeadsMax);
  if (next.join() !== wanted.value.join()) wanted.value = next;
}

/** A block of the stream. */
export function put(block: FedBlock): void {
  for (const take of takers.get(`${block.patient}:${block.lead}`) ?? []) take(block);
}
