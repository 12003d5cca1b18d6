/** Where a route's redirect leads. */
import type { JsonObject } from '../../envoy/json-value.js';
import { field, number, text } from './fields.js';
import type { RouteRequest } from './request.js';

/** A redirect as a sentence without a full stop: status and new location. */
export function redirectText(route: JsonObject, redirect: JsonObject, request: RouteRequest): string {
  const code = redirectCodes[text(redirect, 'response_code')] ?? 301;
  const scheme = field(redirect, 'https_redirect') === true ? 'https' : text(redirect, 'scheme_redirect');
  const newScheme = scheme || request.scheme;
  const port = number(redirect, 'port_redirect');
  const host = text(redirect, 'host_redirect') || keptHost(request, newScheme, port !== undefined);
  const origin = `${newScheme}://${host}${port === undefined ? '' : `:${port}`}`;
  return `redirected with ${code} to ${origin}${newPath(route, redirect, request)}`;
}

const redirectCodes: Readonly<Record<string, number>> = {
  FOUND: 302,
  SEE_OTHER: 303,
  TEMPORARY_REDIRECT: 307,
  PERMANENT_REDIRECT: 308,
};

/** The request's own host, without its port if there is another, or if it is the usual one of a scheme that is left. */
function keptHost({ authority, scheme }: RouteRequest, newScheme: string, hasPort: boolean): string {
  const port = /:(\d+)$/.exec(authority)?.[1];
  const isUsual = port === (scheme === 'https' ? '443' : '80');
  const isDropped = hasPort || (newScheme !== scheme && isUsual);
  return port !== undefined && isDropped ? authority.slice(0, -port.length - 1) : authority;
}

/** The request's query stays, unless the new path has one or it is to be stripped. */
function newPath(route: JsonObject, redirect: JsonObject, request: RouteRequest): string {
  const [path = '', ...rest] = request.path.split('?');
  const query = rest.length === 0 || field(redirect, 'strip_query') === true ? '' : `?${rest.join('?')}`;
  const given = text(redirect, 'path_redirect');
  const changed = given === '' ? withPrefix(route, redirect, path) : given;
  const slash = changed.startsWith('/') ? '' : '/';
  return `${slash}${changed}${changed.includes('?') ? '' : query}`;
}

function withPrefix(route: JsonObject, redirect: JsonObject, path: string): string {
  const replaced = text(redirect, 'prefix_rewrite');
  if (replaced === '') return path;
  const match = field(route, 'match');
  const matched =
    ['prefix', 'path', 'path_separated_prefix'].map((kind) => text(match, kind)).find(Boolean) ?? '';
  return replaced + path.slice(matched.length);
}
