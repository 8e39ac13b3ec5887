/** Says one thing to who listens instead of looking: politely when there is time, at once when a patient is not watched. */
export function say(how: 'polite' | 'assertive', text: string): void {
  const node = document.getElementById(`say-${how}`);
  if (node && node.textContent !== text) node.textContent = text;
}
