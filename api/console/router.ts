// Follows the address, and changes it.
import { signal } from '@preact/signals';
import { pathOf, type Route, routeOf } from './route.ts';

export const route = signal<Route>({ screen: 'wall' });

/** Follows the address, back and forward too. */
export function openRouter(): void {
  const read = () => {
    route.value = routeOf(location.pathname);
  };
  addEventListener('popstate', read);
  read();
}

export function go(next: Route): void {
  if (pathOf(next) === location.pathname) return;
  history.pushState(null, '', pathOf(next));
  route.value = next;
}
