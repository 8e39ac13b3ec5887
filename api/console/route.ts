// Which screen an address names: the wall at `/`, a patient at `/p/ID`. Ids are opaque; nothing else stands in it. Pure.
export type Route = { readonly screen: 'wall' } | { readonly screen: 'patient'; readonly id: string };

export function routeOf(path: string): Route {
  const match = /^\/p\/([A-Za-z0-9_-]{1,64})$/.exec(path);
  return match?.[1] === undefined ? { screen: 'wall' } : { screen: 'patient', id: match[1] };
}

export function pathOf(route: Route): string {
  return route.screen === 'wall' ? '/' : `/p/${route.id}`;
}
