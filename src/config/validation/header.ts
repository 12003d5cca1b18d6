/** Names and values of HTTP headers in VirtualServices (Istio reference 10.5). */
import type { HeaderOperations, Headers } from '../kinds/virtual-service.js';
import { type FindingSink, keyPath, quote } from './finding.js';
import { headerValueProblem } from './header-value.js';

/** The characters of HTTP's tokens and, since Istio takes it too, a comma. */
const headerNamePattern = /^[!#$%&'*+,\-.^_`|~A-Za-z0-9]+$/;
const pseudoHeaders: ReadonlySet<string> = new Set([':method', ':scheme', ':authority', ':path', ':status']);
const claimPrefix = '@request.auth.claims';

/** Whether a header's name stands for a claim of a JWT: `@request.auth.claims.x.y` or `@request.auth.claims[x][y]`. */
export function isJwtClaimHeader(name: string): boolean {
  if (!name.toLowerCase().startsWith(claimPrefix)) return false;
  const claim = name.slice(claimPrefix.length);
  return (
    claim.length > 1 &&
    (claim.startsWith('.') || (claim.startsWith('[') && claim.endsWith(']') && claim.length > 2))
  );
}

/** Whether a header's name stands for the authority of a request. */
export function isAuthorityHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return lower === ':authority' || lower === 'host';
}

/** What is wrong with the name of a header that is matched: a header, a pseudo header, or a JWT claim. */
export function matchedHeaderNameProblem(name: string): string | undefined {
  if (name === '') return emptyName;
  return isJwtClaimHeader(name) || pseudoHeaders.has(name) ? undefined : headerNameProblem(name);
}

/** What is wrong with the name of a header in a CORS policy; `*` stands for all. */
export function corsHeaderNameProblem(name: string): string | undefined {
  if (name === '') return emptyName;
  return name === '*' ? undefined : headerNameProblem(name);
}

/** Checks the headers that a route adds, sets and removes. */
export function validateHeaders(headers: Headers | undefined, path: string, sink: FindingSink): void {
  validateOperations(headers?.request, `${path}.request`, true, sink);
  validateOperations(headers?.response, `${path}.response`, false, sink);
}

function validateOperations(
  operations: HeaderOperations | undefined,
  path: string,
  authorityAllowed: boolean,
  sink: FindingSink,
): void {
  for (const operation of ['add', 'set'] as const) {
    for (const [name, value] of Object.entries(operations?.[operation] ?? {})) {
      const at = keyPath(`${path}.${operation}`, name);
      sink.error(at, changedHeaderNameProblem(name, authorityAllowed));
      sink.error(at, headerValueProblem(value));
    }
  }
  for (const [index, name] of (operations?.remove ?? []).entries()) {
    sink.error(`${path}.remove[${index}]`, changedHeaderNameProblem(name, false));
  }
}

function changedHeaderNameProblem(name: string, authorityAllowed: boolean): string | undefined {
  if (name === '') return emptyName;
  if (isAuthorityHeader(name)) {
    return authorityAllowed ? undefined : `header ${quote(name)} can only be added to or set on requests`;
  }
  return name.startsWith(':')
    ? `header ${quote(name)} begins with ":"; pseudo headers cannot be changed`
    : undefined;
}

/** What keeps a text from being the name of an HTTP header. */
export function headerNameProblem(name: string): string | undefined {
  return headerNamePattern.test(name) ? undefined : `${quote(name)} is not the name of an HTTP header`;
}

const emptyName = 'header name is empty';
