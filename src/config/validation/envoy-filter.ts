/**
 * The rules of EnvoyFilter: Istio's ValidateEnvoyFilter. Whether a patch's value is a message of Envoy's is found out
 * where it is translated, since configuration knows nothing of those.
 */
import type { ApplyTo, EnvoyFilterMatch, EnvoyFilterPatch, ListenerMatch } from '../kinds/envoy-filter.js';
import type { ConfigObject } from '../object.js';
import { RE2JS } from 're2js';
import { errorMessage } from '../../base/errors.js';
import { type FindingSink, quote } from './finding.js';
import { validateSelector } from './labels.js';

/** Expressions for versions that are longer match nothing. */
export const maxProxyVersionLength = 1024;

/** Checks an EnvoyFilter (Istio reference 10.5). */
export function validateEnvoyFilter({ spec }: ConfigObject<'EnvoyFilter'>, sink: FindingSink): void {
  const { workloadSelector: selector, configPatches } = spec;
  if (selector !== undefined) validateSelector(selector.labels, 'spec.workloadSelector.labels', sink);
  for (const [index, patch] of configPatches.entries())
    validatePatch(patch, `spec.configPatches[${index}]`, sink);
}

function validatePatch({ applyTo, match, patch }: EnvoyFilterPatch, path: string, sink: FindingSink): void {
  if (match?.context === 'WAYPOINT') return;
  if (applyTo === 'INVALID') sink.error(`${path}.applyTo`, 'is missing');
  else if (patch === undefined) sink.error(`${path}.patch`, 'is missing');
  else if (patch.operation === 'INVALID') sink.error(`${path}.patch.operation`, 'is missing');
  else if (patch.operation !== 'REMOVE' && patch.value === undefined)
    sink.error(`${path}.patch.value`, `is needed for the operation ${patch.operation}`);
  else if (match !== undefined) {
    validateProxyVersion(match.proxy?.proxyVersion ?? '', `${path}.match.proxy.proxyVersion`, sink);
    validateMatch(applyTo, match, `${path}.match`, sink);
  }
}

function validateProxyVersion(expression: string, path: string, sink: FindingSink): void {
  if (expression.length > maxProxyVersionLength)
    sink.warn(path, `has more than ${maxProxyVersionLength} characters, so no proxy matches`);
  else sink.error(path, expressionProblem(expression));
}

function expressionProblem(expression: string): string | undefined {
  try {
    RE2JS.compile(expression);
    return undefined;
  } catch (thrown) {
    return `regex ${quote(expression)} is not RE2 syntax: ${errorMessage(thrown)}`;
  }
}

const listenerKinds: ReadonlySet<ApplyTo> = new Set([
  'LISTENER',
  'FILTER_CHAIN',
  'NETWORK_FILTER',
  'HTTP_FILTER',
]);
const routeKinds: ReadonlySet<ApplyTo> = new Set(['ROUTE_CONFIGURATION', 'VIRTUAL_HOST', 'HTTP_ROUTE']);

function validateMatch(applyTo: ApplyTo, match: EnvoyFilterMatch, path: string, sink: FindingSink): void {
  const { listener, routeConfiguration, cluster, waypoint } = match;
  const kind =
    (listener && 'listener') ??
    (routeConfiguration && 'routeConfiguration') ??
    (cluster && 'cluster') ??
    (waypoint && 'waypoint');
  const wanted = wantedMatch(applyTo);
  if (kind !== undefined && wanted !== undefined && kind !== wanted)
    sink.error(`${path}.${kind}`, `has no effect on ${applyTo}; its match is "${wanted}"`);
  else if (listener !== undefined && listenerKinds.has(applyTo))
    validateFilterMatch(applyTo, listener, `${path}.listener.filterChain.filter`, sink);
}

function wantedMatch(applyTo: ApplyTo): 'listener' | 'routeConfiguration' | 'cluster' | undefined {
  if (listenerKinds.has(applyTo)) return 'listener';
  if (routeKinds.has(applyTo)) return 'routeConfiguration';
  return applyTo === 'CLUSTER' ? 'cluster' : undefined;
}

const connectionManagers: ReadonlySet<string> = new Set([
  'envoy.filters.network.http_connection_manager',
  'envoy.http_connection_manager',
]);

function validateFilterMatch(
  applyTo: ApplyTo,
  { filterChain }: ListenerMatch,
  path: string,
  sink: FindingSink,
): void {
  const filter = filterChain?.filter;
  if (filter === undefined) return;
  if (applyTo === 'LISTENER' || applyTo === 'FILTER_CHAIN') sink.warn(path, `has no effect on ${applyTo}`);
  if (filter.name === '') sink.error(`${path}.name`, 'is empty');
  else if (filter.subFilter === undefined) return;
  else if (applyTo !== 'HTTP_FILTER') sink.error(`${path}.subFilter`, 'is for HTTP_FILTER only');
  else if (!connectionManagers.has(filter.name)) {
    sink.error(
      `${path}.name`,
      'has to be "envoy.filters.network.http_connection_manager" for a subFilter to match',
    );
  } else if (filter.subFilter.name === '') sink.error(`${path}.subFilter.name`, 'is empty');
}
