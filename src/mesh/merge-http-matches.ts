/** Conditions of a route that is delegated, merged with those of the route that delegates (Istio reference 4.4). */
import type { HttpMatchRequest, StringMatch } from '../config/kinds/virtual-service.js';
import { withFields } from './map-same.js';

type MatchMap = Readonly<Record<string, StringMatch | undefined>>;

/**
 * Every condition of the delegate with every one of the root that it can hold together with; none of one side leaves
 * those of the other. Undefined when a condition of the delegate can hold together with none of the root.
 */
export function mergeHttpMatches(
  root: readonly HttpMatchRequest[],
  delegate: readonly HttpMatchRequest[],
): readonly HttpMatchRequest[] | undefined {
  if (root.length === 0) return delegate;
  if (delegate.length === 0) return root;
  const merged: HttpMatchRequest[] = [];
  for (const match of delegate) {
    const compatible = root.filter((rootMatch) => !conflict(rootMatch, match));
    if (compatible.length === 0) return undefined;
    merged.push(...compatible.map((rootMatch) => mergeMatch(rootMatch, match)));
  }
  return merged;
}

/** The two names joined; the one that there is; none. */
export function joinNames(
  root: string | undefined,
  delegate: string | undefined,
): { readonly name?: string } {
  const names = [root, delegate].filter((name) => name !== undefined && name !== '');
  return names.length === 0 ? {} : { name: names.join('-') };
}

/** What the delegate says, else what the root says; of headers, parameters and labels what both say. */
function mergeMatch(root: HttpMatchRequest, delegate: HttpMatchRequest): HttpMatchRequest {
  return compact({
    ...joinNames(root.name, delegate.name),
    uri: delegate.uri ?? root.uri,
    scheme: delegate.scheme ?? root.scheme,
    method: delegate.method ?? root.method,
    authority: delegate.authority ?? root.authority,
    headers: union(root.headers, delegate.headers),
    withoutHeaders: union(root.withoutHeaders, delegate.withoutHeaders),
    queryParams: union(root.queryParams, delegate.queryParams),
    sourceLabels: union(root.sourceLabels, delegate.sourceLabels),
    port: numberOf(delegate.port) ?? numberOf(root.port),
    gateways: listOf(delegate.gateways) ?? listOf(root.gateways),
    sourceNamespace: textOf(delegate.sourceNamespace) ?? textOf(root.sourceNamespace),
    statPrefix: textOf(delegate.statPrefix) ?? textOf(root.statPrefix),
    ignoreUriCase: delegate.ignoreUriCase,
  });
}

function compact(fields: {
  readonly [K in keyof HttpMatchRequest]: HttpMatchRequest[K] | undefined;
}): HttpMatchRequest {
  return withFields<HttpMatchRequest>({}, fields);
}

/** The entries of both maps, of one name the delegate's. */
function union<Value>(
  root: Readonly<Record<string, Value>> | undefined,
  delegate: Readonly<Record<string, Value>> | undefined,
): Readonly<Record<string, Value>> | undefined {
  return root === undefined && delegate === undefined ? undefined : { ...root, ...delegate };
}

/** Whether the delegate's condition leads out of what the root's allows. */
function conflict(root: HttpMatchRequest, delegate: HttpMatchRequest): boolean {
  return (
    textsConflict(root.uri, delegate.uri) ||
    textsConflict(root.scheme, delegate.scheme) ||
    textsConflict(root.method, delegate.method) ||
    textsConflict(root.authority, delegate.authority) ||
    mapsConflict(root.headers, delegate.headers) ||
    mapsConflict(root.withoutHeaders, delegate.withoutHeaders) ||
    mapsConflict(root.queryParams, delegate.queryParams) ||
    (root.ignoreUriCase ?? false) !== (delegate.ignoreUriCase ?? false) ||
    portsConflict(root.port, delegate.port) ||
    (textOf(root.sourceNamespace) !== undefined && root.sourceNamespace !== delegate.sourceNamespace) ||
    labelsConflict(root, delegate) ||
    gatewaysConflict(root.gateways ?? [], delegate.gateways ?? [])
  );
}

/** A presence match: the header is there, whatever its value is. */
const anyValue = {};

function mapsConflict(root: MatchMap | undefined, delegate: MatchMap | undefined): boolean {
  if (root === undefined || delegate === undefined) return false;
  return Object.keys(delegate).some(
    (name) => Object.hasOwn(root, name) && textsConflict(root[name] ?? anyValue, delegate[name] ?? anyValue),
  );
}

type MaybeMatch = StringMatch | typeof anyValue;

/**
 * Whether the delegate's text is not a part of what the root's means. A regular expression goes together with nothing
 * else, and a presence match with nothing but a text that the other side does not name.
 */
function textsConflict(root: MaybeMatch | undefined, delegate: MaybeMatch | undefined): boolean {
  if (root === undefined || delegate === undefined) return false;
  const outer = partsOf(root);
  const inner = partsOf(delegate);
  if (outer.regex !== '' || inner.regex !== '') return true;
  if (outer.exact !== '') return inner.exact !== outer.exact;
  const text = inner.prefix !== '' ? inner.prefix : inner.exact;
  return outer.prefix === '' || text === '' || !text.startsWith(outer.prefix);
}

function partsOf(match: MaybeMatch): {
  readonly exact: string;
  readonly prefix: string;
  readonly regex: string;
} {
  return { exact: '', prefix: '', regex: '', ...match };
}

function portsConflict(root: number | undefined, delegate: number | undefined): boolean {
  const outer = numberOf(root);
  const inner = numberOf(delegate);
  return outer !== undefined && inner !== undefined && outer !== inner;
}

function labelsConflict(
  { sourceLabels: root = {} }: HttpMatchRequest,
  { sourceLabels: delegate = {} }: HttpMatchRequest,
): boolean {
  return Object.keys(delegate).some((name) => Object.hasOwn(root, name) && root[name] !== delegate[name]);
}

function gatewaysConflict(root: readonly string[], delegate: readonly string[]): boolean {
  if (root.length === 0 || delegate.length === 0) return false;
  return root.length < delegate.length || delegate.some((gateway) => !root.includes(gateway));
}

function textOf(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function numberOf(value: number | undefined): number | undefined {
  return value === 0 ? undefined : value;
}

function listOf(value: readonly string[] | undefined): readonly string[] | undefined {
  return value === undefined || value.length === 0 ? undefined : value;
}
