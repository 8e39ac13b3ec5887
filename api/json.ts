// The one body format: JSON, of bounded size and depth. Another content type is refused, so that a form of a foreign page
// cannot be taken for a call.
import type { App } from './context.ts';
import { ProblemError } from './errors.ts';
import { bodyBytesMax, bodyDepthMax } from './limits.ts';

export function addJsonParser(app: App): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit: bodyBytesMax },
    (_request, body, done) => {
      try {
        done(null, parse(String(body)));
      } catch (error) {
        done(error as Error);
      }
    },
  );
}

function parse(text: string): unknown {
  if (depthOf(text) > bodyDepthMax) throw new ProblemError('malformed', `deeper than ${bodyDepthMax}`);
  const parsed = tryJson(text);
  if (!parsed) throw new ProblemError('malformed', 'the body is no JSON');
  return parsed.value;
}

function tryJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** Deepest nesting, counted before anything is built. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let isString = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (isString) {
      if (character === '\\') i++;
      else if (character === '"') isString = false;
    } else if (character === '"') isString = true;
    else if (character === '{' || character === '[') deepest = Math.max(deepest, ++depth);
    else if (character === '}' || character === ']') depth--;
  }
  return deepest;
}
