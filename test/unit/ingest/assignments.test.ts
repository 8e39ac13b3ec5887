import { expect, test } from 'vitest';
import { Assignments, assignmentAt } from '../../../ingest/assignments.ts';
import { assignment } from './fixtures.ts';

test('the newest version of an assignment is the one that counts', { tags: ['CON-SCHEMA'] }, () => {
  const assignments = new Assignments();
  assignments.put(assignment({ from: 100 }));
  assignments.put(assignment({ from: 100, to: 200, revision: 2 }));
  const timeline = assignments.timeline('d-1', 'd-1');
  expect([99, 100, 199, 200].map((at) => assignmentAt(timeline, at)?.revision)).toEqual([undefined, 2, 2, undefined]);
});

test('assignments come in any order and are found by their intervals', { tags: ['CON-SCHEMA'] }, () => {
  const assignments = new Assignments();
  for (const [id, from, to] of [
    ['b', 200, 300],
    ['c', 300, null],
    ['a', 100, 200],
  ] as const)
    assignments.put(assignment({ id, from, to }));
  const timeline = assignments.timeline('d-1', 'd-1');
  expect([99, 150, 200, 299, 300, 9_999].map((at) => assignmentAt(timeline, at)?.id)).toEqual([
    undefined,
    'a',
    'b',
    'b',
    'c',
    'c',
  ]);
});

test('a device is bound through one gateway only, and another cannot speak for it', { tags: ['BRK-AUTH'] }, () => {
  const assignments = new Assignments();
  assignments.put(assignment({ gateway: 'gw-1' }));
  expect([
    assignments.isBound('gw-1', 'd-1'),
    assignments.isBound('gw-2', 'd-1'),
    assignments.isBound('d-1', 'd-1'),
    assignments.timeline('gw-2', 'd-1'),
  ]).toEqual([true, false, false, []]);
});

test('an ended binding stays one: what was measured then may still come', { tags: ['BRK-AUTH'] }, () => {
  const assignments = new Assignments();
  assignments.put(assignment({ from: 100, to: 200 }));
  const ended = assignments.isBound('d-1', 'd-1');
  assignments.remove('as-1');
  expect([ended, assignments.isBound('d-1', 'd-1')]).toEqual([true, false]);
});

test('patients of a gateway are those whose devices are bound now', { tags: ['ALR-STALE'] }, () => {
  const assignments = new Assignments();
  assignments.put(assignment({ id: 'a', gateway: 'gw-1', device: 'd-1', patient: 'p-1', from: 0, to: 500 }));
  assignments.put(assignment({ id: 'b', gateway: 'gw-1', device: 'd-2', patient: 'p-2', from: 400 }));
  assignments.put(assignment({ id: 'c', gateway: 'gw-1', device: 'd-3', patient: 'p-2', from: 400 }));
  assignments.put(assignment({ id: 'd', gateway: 'gw-2', device: 'd-4', patient: 'p-4', from: 0 }));
  expect([300, 450, 600].map((at) => [...assignments.patientsOf('gw-1', at)].sort())).toEqual([
    ['p-1'],
    ['p-1', 'p-2'],
    ['p-2'],
  ]);
});
