/** Paths of differences: written by `difference.ts`, read from `--ignore`. */
import { PilotError } from '../base/errors.js';

/** A field, or a key of a map; or an element of a list, by its place or by what identifies it. */
export interface PathStep {
  readonly kind: 'field' | 'element';
  readonly text: string;
}

/**
 * Takes a path apart: `endpoints[locality=a/b/,priority=].lb_endpoints[0]`, `metadata.filter_metadata["a.b"]`.
 * @throws PilotError USAGE when a bracket is not closed or a step is empty
 */
export function parsePath(path: string): readonly PathStep[] {
  const steps: PathStep[] = [];
  let rest = path;
  while (rest !== '') {
    const quoted = /^\[("(?:[^"\\]|\\.)*")\]/.exec(rest);
    const element = quoted === null ? /^\[(.+?)\](?=[.[]|$)/s.exec(rest) : null;
    const field = quoted === null && element === null ? /^\.?([^.[\]]+)/.exec(rest) : null;
    const found = quoted ?? element ?? field;
    if (found === null || (field !== null && rest.startsWith('.') && steps.length === 0))
      throw unreadable(path);
    rest = rest.slice(found[0].length);
    steps.push({
      kind: element === null ? 'field' : 'element',
      text: quoted === null ? (found[1] ?? '') : unquoted(found[1] ?? '', path),
    });
  }
  if (steps.length === 0) throw unreadable(path);
  return steps;
}

function unquoted(text: string, path: string): string {
  try {
    return String(JSON.parse(text));
  } catch {
    throw unreadable(path);
  }
}

function unreadable(path: string): PilotError {
  return new PilotError('USAGE', `"${path}" is no field path`, {
    hint: 'A path is as the report prints it, for example metadata.filter_metadata.istio, endpoints[*].lb_endpoints[*].health_status or cds:connect_timeout; * is any one part, [*] any element.',
  });
}
