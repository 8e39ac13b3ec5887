// The two places that a screen reader listens to. What is to be said waits its turn: at most one thing in three seconds; what
// is urgent goes before what is not, and what waits too long is left out, since the screen shows it anyway.
const everyMs = 3_000;
const waitingMax = 5;

let waiting: { how: 'polite' | 'assertive'; text: string }[] = [];
let saidAt = -everyMs;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Says one thing: politely when there is time, at once when a patient is in danger or not watched. */
export function say(how: 'polite' | 'assertive', text: string): void {
  waiting = [...waiting.filter((one) => one.text !== text), { how, text }];
  waiting.sort((a, b) => Number(b.how === 'assertive') - Number(a.how === 'assertive'));
  waiting = waiting.slice(0, waitingMax);
  if (timer === undefined) timer = setTimeout(next, Math.max(0, saidAt + everyMs - performance.now()));
}

function next(): void {
  timer = undefined;
  const one = waiting.shift();
  if (!one) return;
  saidAt = performance.now();
  for (const how of ['polite', 'assertive'] as const) {
    const node = document.getElementById(`say-${how}`);
    if (node) node.textContent = how === one.how ? one.text : '';
  }
  if (waiting.length > 0) timer = setTimeout(next, everyMs);
}
