// Holds what the running api answers against what the table of routes says that it answers.
import { apiPath, Problem, routes } from '../../contract/index.ts';

const known = Object.entries(routes).map(([name, { response }]) => {
  const [method = '', path = ''] = name.split(' ');
  const pattern = new RegExp(`^${apiPath}${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`);
  return {
    name,
    method,
    pattern,
    response: response as Readonly<Record<string, (typeof response)[keyof typeof response]>>,
  };
});

/** What is wrong with an answer of the api; undefined if its route declares it. */
export function undeclared(
  method: string,
  path: string,
  answer: { readonly status: number; readonly type: string; readonly body: unknown },
): string | undefined {
  const { status, type, body } = answer;
  // What is no JSON is looked at by the tests of its route.
  if (!path.startsWith(apiPath) || (status === 200 && !type.includes('json'))) return undefined;
  if (type.startsWith('application/problem+json') !== status >= 400) return `${method} ${path}: ${status} as ${type}`;
  const route = known.find((each) => each.method === method && each.pattern.test(path.split('?')[0] ?? ''));
  if (!route) return Problem.safeParse(body).success ? undefined : `${method} ${path}: no route, and no problem`;
  const schema = route.response[status];
  if (!schema) return `${route.name}: ${status} is not declared`;
  const { error } = schema.safeParse(body);
  return error && `${route.name}: ${status} is not what is declared: ${error.message}`;
}
