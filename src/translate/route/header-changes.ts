/** Headers that a route, or one of its destinations, adds, sets and removes (Istio reference 7.7). */
import { compareStrings } from '../../base/compare.js';
import type { HeaderOperations, Headers } from '../../config/kinds/virtual-service.js';
import { isAuthorityHeader } from '../../config/validation/header.js';
import { HeaderAppendAction } from '../../envoy/enums.js';
import type { RouteShape } from '../../envoy/messages.js';

type HeaderValueOptionShape = NonNullable<RouteShape['requestHeadersToAdd']>[number];

/** The changes as a route and a weighted cluster have them. */
export interface HeaderChanges {
  readonly requestHeadersToAdd: readonly HeaderValueOptionShape[];
  readonly requestHeadersToRemove: readonly string[];
  readonly responseHeadersToAdd: readonly HeaderValueOptionShape[];
  readonly responseHeadersToRemove: readonly string[];
}

/** Changes that change nothing. */
export const noHeaderChanges: HeaderChanges = Object.freeze({
  requestHeadersToAdd: [],
  requestHeadersToRemove: [],
  responseHeadersToAdd: [],
  responseHeadersToRemove: [],
});

/** The changes of headers; those of pseudo headers and of the authority are none of them. */
export function headerChanges({ request, response }: Headers): HeaderChanges {
  return {
    requestHeadersToAdd: additions(request),
    requestHeadersToRemove: removals(request),
    responseHeadersToAdd: additions(response),
    responseHeadersToRemove: removals(response),
  };
}

/** Changes of two levels; those of the inner one come later, so they win. */
export function joinHeaderChanges(outer: HeaderChanges, inner: HeaderChanges): HeaderChanges {
  return {
    requestHeadersToAdd: [...outer.requestHeadersToAdd, ...inner.requestHeadersToAdd],
    requestHeadersToRemove: [...outer.requestHeadersToRemove, ...inner.requestHeadersToRemove],
    responseHeadersToAdd: [...outer.responseHeadersToAdd, ...inner.responseHeadersToAdd],
    responseHeadersToRemove: [...outer.responseHeadersToRemove, ...inner.responseHeadersToRemove],
  };
}

/** The authority that requests get by a change of their host; empty for none. What is set wins over what is added. */
export function changedAuthority(headers: Headers | undefined): string {
  const { set = {}, add = {} } = headers?.request ?? {};
  return authorityIn(set) || authorityIn(add);
}

function authorityIn(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers).findLast(([name]) => isAuthorityHeader(name))?.[1] ?? '';
}

/** Headers that are set come before those that are added, each by name. */
function additions({ set = {}, add = {} }: HeaderOperations = {}): readonly HeaderValueOptionShape[] {
  return [
    ...headerValues(set, HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD),
    ...headerValues(add, HeaderAppendAction.APPEND_IF_EXISTS_OR_ADD),
  ];
}

function headerValues(
  headers: Readonly<Record<string, string>>,
  appendAction: HeaderAppendAction,
): readonly HeaderValueOptionShape[] {
  return Object.entries(headers)
    .filter(([key]) => !isInternal(key))
    .sort(([a], [b]) => compareStrings(a, b))
    .map(([key, value]) => ({ header: { key, value }, appendAction }));
}

function removals({ remove = [] }: HeaderOperations = {}): readonly string[] {
  return remove.filter((name) => !isInternal(name));
}

/** Envoy refuses changes of these. */
function isInternal(name: string): boolean {
  return name.startsWith(':') || name.toLowerCase() === 'host';
}
