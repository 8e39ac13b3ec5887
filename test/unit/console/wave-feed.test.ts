import { expect, test } from 'vitest';
import { type FedBlock, put, takeWaves, wanted } from '../../../api/console/wave-feed.ts';
import { block } from './strip.ts';

test('each strip gets the blocks of its lead, and the stream is asked for what is in view, eight at most', () => {
  const got: string[] = [];
  const fed = (patient: string): FedBlock => ({ ...block(0, [1]), patient, lead: 'II' });
  const take = (name: string) => () => got.push(name);
  const first = takeWaves('p-1', 'II', take('tile'));
  const second = takeWaves('p-1', 'II', take('page'));
  expect(wanted.value).toEqual(['p-1:II']);
  put(fed('p-1'));
  put(fed('p-2'));
  expect(got).toEqual(['tile', 'page']);
  first();
  const others = Array.from({ length: 9 }, (_, i) => takeWaves(`q-${i}`, 'I', take(`q-${i}`)));
  expect(wanted.value.length).toBe(8);
  expect(wanted.value[0]).toBe('p-1:II');
  second();
  put(fed('p-1'));
  for (const leave of others) leave();
  expect({ got, wanted: wanted.value }).toEqual({ got: ['tile', 'page'], wanted: [] });
});
