// How much room a screen has, in lines of its own text: a small window, a page at 400 % and large letters are the same thing.
// Written to the page's root, where the styles read it.
import { effect, type Signal, signal } from '@preact/signals';
import type { Settings } from './settings.ts';

/** Below so many rem; each name holds for all that are smaller. */
const steps = [
  ['narrow', 93.75],
  ['stacked', 75],
  ['phone', 43.75],
  ['small', 30],
] as const;

/** Follows the window and the text size; true while there is room for one column alone. */
export function followScreenSize(settings: Signal<Settings>): Signal<boolean> {
  const isPhone = signal(false);
  const width = signal(innerWidth);
  addEventListener('resize', () => {
    width.value = innerWidth;
  });
  effect(() => {
    const rem = width.value / ((16 * settings.value.size) / 100);
    const names = steps.filter(([, below]) => rem < below).map(([name]) => name);
    document.documentElement.dataset['layout'] = names.join(' ');
    isPhone.value = names.includes('phone');
  });
  return isPhone;
}
