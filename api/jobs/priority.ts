// Priority of a thread. Linux keeps one for each thread; elsewhere it is the process's own, and stays as it is.
import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';

/** Lets the thread that calls it take the processor after others; without effect where that cannot be had. */
export function stepBack(niceness: number): void {
  try {
    const [, task = ''] = /\/task\/(\d+)$/.exec(readlinkSync('/proc/thread-self')) ?? [];
    if (task !== '') setPriority(Number(task), niceness);
  } catch {
    // No such folder, or not allowed: everything works the same, only with less regard for others.
  }
}
