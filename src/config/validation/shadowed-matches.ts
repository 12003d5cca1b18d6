/** Warnings for matches of a path's prefix behind a shorter prefix (Istio reference 10.5). */
import type { HttpMatchRequest, HttpRoute, StringMatch } from '../kinds/virtual-service.js';
import { type FindingSink, quote } from './finding.js';
import { matchKey } from './match-key.js';

/** What Istio compares of a match by prefix; each text is empty or begins with `exact:` or `prefix:`. */
interface PrefixMatch {
  readonly path: string;
  readonly prefix: string;
  readonly port: number;
  readonly method: string;
  readonly authority: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly queryParams: ReadonlyMap<string, string>;
  readonly withoutHeaders: ReadonlyMap<string, string>;
}

/**
 * Warns of each match that an earlier one with a shorter prefix covers. Like Istio it looks at the prefix, port,
 * method, authority, headers and query parameters only, so a warning can be wrong where other fields differ.
 * Rules without matches, what follows them, and matches that repeat are left out.
 */
export function reportShadowedMatches(routes: readonly HttpRoute[], sink: FindingSink): void {
  const matches = comparableMatches(routes);
  for (const [index, earlier] of matches.entries()) {
    for (const later of matches.slice(index + 1)) {
      if (later.prefix === earlier.prefix || !covers(earlier, later)) continue;
      sink.warn(
        later.path,
        `prefix ${quote(later.prefix)} is never reached: ${earlier.path} before it has the prefix ${quote(earlier.prefix)}`,
      );
    }
  }
}

function comparableMatches(routes: readonly HttpRoute[]): readonly PrefixMatch[] {
  const found: PrefixMatch[] = [];
  const seen = new Set<string>();
  for (const [index, { match: matches = [] }] of routes.entries()) {
    if (matches.length === 0) return found;
    for (const [matchIndex, match] of matches.entries()) {
      const key = matchKey(match);
      if (seen.has(key)) continue;
      seen.add(key);
      if (match.uri === undefined || !('prefix' in match.uri) || match.uri.prefix === '') continue;
      found.push(prefixMatch(match, match.uri.prefix, `spec.http[${index}].match[${matchIndex}]`));
    }
  }
  return found;
}

function prefixMatch(match: HttpMatchRequest, prefix: string, path: string): PrefixMatch {
  const method = comparableText(match.method);
  return {
    path,
    prefix,
    port: match.port ?? 0,
    method: method === '' ? 'exact:GET' : method,
    authority: comparableText(match.authority),
    headers: comparableTexts(match.headers),
    queryParams: comparableTexts(match.queryParams),
    withoutHeaders: comparableTexts(match.withoutHeaders),
  };
}

function comparableTexts(matches: HttpMatchRequest['headers']): ReadonlyMap<string, string> {
  return new Map(Object.entries(matches ?? {}).map(([name, match]) => [name, comparableText(match)]));
}

function comparableText(match: StringMatch | undefined): string {
  if (match === undefined || 'regex' in match) return '';
  if ('exact' in match) return match.exact === '' ? '' : `exact:${match.exact}`;
  return match.prefix === '' ? '' : `prefix:${match.prefix}`;
}

function covers(earlier: PrefixMatch, later: PrefixMatch): boolean {
  return (
    later.prefix.startsWith(earlier.prefix) &&
    later.port === earlier.port &&
    earlier.method.startsWith(later.method) &&
    earlier.authority.startsWith(later.authority) &&
    coversAll(earlier.headers, later.headers) &&
    coversAll(earlier.queryParams, later.queryParams) &&
    coversAll(earlier.withoutHeaders, later.withoutHeaders)
  );
}

function coversAll(earlier: ReadonlyMap<string, string>, later: ReadonlyMap<string, string>): boolean {
  if (earlier.size !== later.size) return false;
  return [...earlier].every(([name, text]) => {
    const laterText = later.get(name);
    return laterText !== undefined && text.startsWith(laterText);
  });
}
