/** Address that signs in: the token stands in the fragment, which no browser sends and no log holds. */
export function signInUrl(url: string, token: string): string {
  return `${url}/#link=${token}`;
}
