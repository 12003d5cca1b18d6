/** The path of a request as routes see it: brought to one spelling, where the connection manager does that. */
import type { Json } from '../../envoy/json-value.js';
import { field, text } from './fields.js';

/**
 * The path, with its query, as an HTTP connection manager matches and sends it: dots and backslashes resolved and
 * escapes of plain characters undone, escaped slashes and runs of slashes as its settings say. Undefined: the manager
 * refuses the request with 400 (escaped slashes that it does not take).
 */
export function matchedPath(written: string, manager: Json): string | undefined {
  const mark = written.indexOf('?');
  const [path, query] = mark < 0 ? [written, ''] : [written.slice(0, mark), written.slice(mark)];
  const unescaped = escapedSlashes(path, text(manager, 'path_with_escaped_slashes_action'));
  if (unescaped === undefined) return undefined;
  const normal = field(manager, 'normalize_path') === true ? normalized(unescaped) : unescaped;
  const merged = field(manager, 'merge_slashes') === true ? normal.replace(/\/{2,}/g, '/') : normal;
  return merged + query;
}

function escapedSlashes(path: string, action: string): string | undefined {
  if (!/%(?:2f|5c)/i.test(path)) return path;
  if (action === 'REJECT_REQUEST') return undefined;
  if (!action.startsWith('UNESCAPE_AND_')) return path;
  return path.replace(/%2f/gi, '/').replace(/%5c/gi, '\\');
}

/** Escapes of letters, digits and `-._~` mean the same as these; everything else stays as it is written. */
function normalized(path: string): string {
  const plain = path.replace(/%([0-9a-f]{2})/gi, (escape, code: string) => {
    const character = String.fromCharCode(Number.parseInt(code, 16));
    return /[\w.~-]/.test(character) ? character : escape;
  });
  // Envoy has the same rules as a URL of the web, which begins with its host.
  const url = `http://host${plain}`;
  return plain.startsWith('/') && URL.canParse(url) ? new URL(url).pathname : plain;
}
