// The keyboard of the wall (console.md 7): arrows go where they point, a number goes to its bed, letters act on what has the
// focus. Single keys are off inside fields and where a person switched them off; nothing is ever acknowledged by one key.
export interface KeyActions {
  /** Opens the acknowledge sheet of what has the focus: an alert's row, or a patient's worst. */
  acknowledge(alert: string | null, patient: string | null): void;
  open(patient: string): void;
  worst(): void;
  /** Goes to the bed of this number; false: there is none. */
  bed(typed: string): boolean;
  size(step: 1 | -1): void;
  help(): void;
  wall(): void;
  close(): void;
}

/** A second digit or letter within this time belongs to the first. */
const togetherMs = 900;

export function followKeys(actions: KeyActions, isOn: () => boolean): () => void {
  let typed = '';
  let typedAt = Number.NEGATIVE_INFINITY;
  let leader = '';

  const onKey = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target as Element;
    if (target.closest('input:not([type="radio"]), textarea, select')) return;
    if (event.key === 'Escape') actions.close();
    else if (event.key.startsWith('Arrow')) {
      if (moveFocus(target, event.key)) event.preventDefault();
    } else if (event.key === 'Enter') {
      const tile = target.matches('article.tile') ? target.getAttribute('data-patient') : null;
      if (tile !== null) actions.open(tile);
    } else if (isOn() && act(event)) event.preventDefault();
  };

  function act({ key, target, timeStamp }: KeyboardEvent): boolean {
    const isSoon = timeStamp - typedAt < togetherMs;
    typedAt = timeStamp;
    if (/^\d$/.test(key) && toBed(key, isSoon)) return true;
    typed = '';
    const before = isSoon ? leader : '';
    leader = key.toLowerCase() === 'g' ? 'g' : '';
    if (before === 'g' && key.toLowerCase() === 'w') actions.wall();
    else if (key.toLowerCase() === 'a') actions.acknowledge(...focusedOn(target as Element));
    else if (key === '0') actions.worst();
    else if (key === '+' || key === '-') actions.size(key === '+' ? 1 : -1);
    else if (key === '?') actions.help();
    else return false;
    return true;
  }

  /** With the digits before it, where there is such a bed, or by itself; 0 by itself is no bed's. */
  function toBed(key: string, isSoon: boolean): boolean {
    const numbers = isSoon && typed !== '' ? [typed + key, key] : [key];
    const number = numbers.find((one) => one !== '0' && actions.bed(one));
    typed = number ?? key;
    return number !== undefined || key !== '0';
  }

  addEventListener('keydown', onKey);
  return () => removeEventListener('keydown', onKey);
}

/** The alert's row or the patient's tile that has the focus. */
function focusedOn(target: Element): [alert: string | null, patient: string | null] {
  const row = target.closest('.row')?.getAttribute('data-alert') ?? null;
  return [row, target.closest('[data-patient]')?.getAttribute('data-patient') ?? null];
}

/** To the next tile in the direction of the arrow, as it lies on the screen. */
function moveFocus(target: Element, key: string): boolean {
  const tile = target.closest('article.tile');
  if (!tile) return false;
  const own = middle(tile);
  const dx = key === 'ArrowLeft' ? -1 : key === 'ArrowRight' ? 1 : 0;
  const dy = key === 'ArrowUp' ? -1 : key === 'ArrowDown' ? 1 : 0;
  let best: { readonly tile: HTMLElement; readonly distance: number } | null = null;
  for (const other of document.querySelectorAll<HTMLElement>('article.tile')) {
    const there = middle(other);
    const [x, y] = [there.x - own.x, there.y - own.y];
    const along = x * dx + y * dy;
    const aside = Math.abs(x * dy) + Math.abs(y * dx);
    if (other === tile || along < 10 || aside > along) continue;
    const distance = along + 3 * aside;
    if (best === null || distance < best.distance) best = { tile: other, distance };
  }
  best?.tile.focus();
  return true;
}

function middle(element: Element): { readonly x: number; readonly y: number } {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  return { x: (left + right) / 2, y: (top + bottom) / 2 };
}
