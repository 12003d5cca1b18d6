/** The conditions of a route, tested one by one as Envoy does. */
import { RE2JS } from 're2js';
import type { Json, JsonObject } from '../../envoy/json-value.js';
import { field, objects, text } from './fields.js';
import type { RouteRequest } from './request.js';

/** The conditions in short, as a person would say them. */
export function conditionsText(match: Json | undefined): string {
  const path = pathText(match);
  const headers = objects(match, 'headers').map((header) => valueText(header));
  const query = objects(match, 'query_parameters').map((parameter) => `?${valueText(parameter)}`);
  const claims = objects(match, 'dynamic_metadata').length > 0 ? ['claims of a JWT'] : [];
  return [path, ...headers, ...query, ...claims].join(', ');
}

/** What keeps a request from meeting the conditions; empty if it meets them. */
export function unmetConditions(match: Json | undefined, request: RouteRequest): readonly string[] {
  const [path = '', ...rest] = request.path.split('?');
  const unmet: string[] = [];
  if (!pathMatches(match, path)) unmet.push(`the path ${path} is not ${pathText(match)}`);
  for (const header of objects(match, 'headers')) {
    const reason = unmetHeader(header, request);
    if (reason !== undefined) unmet.push(reason);
  }
  const parameters = queryParameters(rest.join('?'));
  for (const parameter of objects(match, 'query_parameters')) {
    const value = parameters.get(text(parameter, 'name'));
    if (!valueMatches(parameter, value))
      unmet.push(`the query has ${shown(text(parameter, 'name'), value)}, not ${valueText(parameter)}`);
  }
  if (objects(match, 'dynamic_metadata').length > 0)
    unmet.push('it is for certain claims of a JWT, of which nothing is known here');
  return unmet;
}

/** Names and values as they are written: Envoy undoes no escapes in them. Of a name that is there twice the first counts. */
function queryParameters(query: string): ReadonlyMap<string, string> {
  const pairs = query.split('&').map((pair): [string, string] => {
    const at = pair.indexOf('=');
    return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
  });
  return new Map(pairs.toReversed());
}

function pathMatches(match: Json | undefined, path: string): boolean {
  const folded = (value: string): string =>
    field(match, 'case_sensitive') === false ? value.toLowerCase() : value;
  const own = folded(path);
  const exact = field(match, 'path');
  if (typeof exact === 'string') return own === folded(exact);
  const expression = text(match, 'safe_regex', 'regex');
  if (expression !== '') return expressionMatches(expression, path);
  const separated = text(match, 'path_separated_prefix');
  if (separated !== '') return own === folded(separated) || own.startsWith(`${folded(separated)}/`);
  return own.startsWith(folded(text(match, 'prefix')));
}

function pathText(match: Json | undefined): string {
  const separated = text(match, 'path_separated_prefix');
  const exact = field(match, 'path');
  if (typeof exact === 'string') return exact;
  const expression = text(match, 'safe_regex', 'regex');
  if (expression !== '') return `~${expression}`;
  return separated === '' ? `${text(match, 'prefix')}*` : `${separated}[/*]`;
}

function unmetHeader(header: JsonObject, request: RouteRequest): string | undefined {
  const name = text(header, 'name').toLowerCase();
  const found = headerValues(name, request);
  const inverted = field(header, 'invert_match') === true;
  const isEmpty = found.length === 0 && field(header, 'treat_missing_header_as_empty') === true;
  const values = isEmpty ? [''] : found;
  // A header that is there several times is met by any of them.
  const matches =
    values.length === 0
      ? valueMatches(header, undefined)
      : values.some((value) => valueMatches(header, value));
  // A header that is missing does not match, and inverting that changes nothing, unless presence is what is asked for.
  const met = inverted && (values.length > 0 || isPresence(header)) ? !matches : matches;
  if (met) return undefined;
  return `the request has ${shown(name, found.length === 0 ? undefined : found.join(','))}, not ${valueText(header)}`;
}

function headerValues(
  name: string,
  { headers, method, authority, scheme, path }: RouteRequest,
): readonly string[] {
  const pseudo: Readonly<Record<string, string>> = {
    ':method': method,
    ':authority': authority,
    ':scheme': scheme,
    ':path': path,
  };
  if (name === 'host') return [authority];
  const own = Object.hasOwn(pseudo, name) ? pseudo[name] : undefined;
  if (own !== undefined) return [own];
  return headers.filter(([candidate]) => candidate === name).map(([, value]) => value);
}

function shown(name: string, value: string | undefined): string {
  return value === undefined ? `no ${name}` : `${name}=${value}`;
}

function isPresence(condition: JsonObject): boolean {
  return field(condition, 'string_match') === undefined;
}

/** Whether a value is what a condition on a header or a query parameter asks for. */
function valueMatches(condition: JsonObject, value: string | undefined): boolean {
  const matcher = field(condition, 'string_match');
  if (matcher === undefined) return (value !== undefined) === (field(condition, 'present_match') !== false);
  return value !== undefined && stringMatches(matcher, value);
}

function stringMatches(matcher: Json, value: string): boolean {
  const folded = (part: string): string =>
    field(matcher, 'ignore_case') === true ? part.toLowerCase() : part;
  const exact = field(matcher, 'exact');
  const own = folded(value);
  if (typeof exact === 'string') return own === folded(exact);
  const expression = field(matcher, 'safe_regex');
  if (expression !== undefined) return expressionMatches(text(expression, 'regex'), value);
  const parts = (['prefix', 'suffix', 'contains'] as const).map((kind) => folded(text(matcher, kind)));
  const [prefix = '', suffix = '', contained = ''] = parts;
  return own.startsWith(prefix) && own.endsWith(suffix) && own.includes(contained);
}

/** A condition as `name=value`, with `!` if it must not be met. */
function valueText(condition: JsonObject): string {
  const sign = field(condition, 'invert_match') === true ? '!' : '';
  const matcher = field(condition, 'string_match');
  const name = text(condition, 'name');
  if (matcher === undefined) return `${sign}${name}`;
  const exact = field(matcher, 'exact');
  if (typeof exact === 'string') return `${sign}${name}=${exact}`;
  const expression = field(matcher, 'safe_regex');
  if (expression !== undefined) return `${sign}${name}=~${text(expression, 'regex')}`;
  return `${sign}${name}=${text(matcher, 'suffix') && '*'}${text(matcher, 'prefix')}${text(matcher, 'suffix')}${text(matcher, 'prefix') && '*'}`;
}

/** Envoy's expressions are RE2's and have to match the whole text. */
function expressionMatches(expression: string, value: string): boolean {
  return RE2JS.compile(expression).matches(value);
}
