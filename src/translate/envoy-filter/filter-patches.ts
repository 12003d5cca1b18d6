/** Patches of network filters, and of the HTTP filters within connection managers. */
import type { PatchContext } from '../../config/kinds/envoy-filter.js';
import { packAny, unpackAny } from '../../envoy/any.js';
import {
  HttpConnectionManager,
  type FilterChainShape,
  type FilterShape,
  type HttpConnectionManagerShape,
  type HttpFilterShape,
} from '../../envoy/messages.js';
import type { Patch, PatchSet } from './compiled-patches.js';
import { mappedList, patchedList } from './list-patches.js';
import { patchedRoutes } from './route-patches.js';
import { mergedExtension } from './typed-config.js';

const connectionManagerName = 'envoy.filters.network.http_connection_manager';

/**
 * A chain with all patches of its filters.
 *
 * @param isForChain whether a patch is for the chain
 */
export function patchedFilters(
  chain: FilterChainShape,
  patches: PatchSet,
  context: PatchContext,
  isForChain: (patch: Patch) => boolean,
): FilterChainShape {
  const before = chain.filters ?? [];
  const networkPatches = patches.of('NETWORK_FILTER', context).filter(isForChain);
  const httpPatches = patches.of('HTTP_FILTER', context).filter(isForChain);
  const changed = networkPatches.reduce<readonly FilterShape[]>(
    (filters, patch) => patchedList(filters, filterPatch(patch)),
    before,
  );
  const filters = mappedList(changed, (filter) => {
    const merged = networkPatches
      .filter(({ operation }) => operation === 'MERGE')
      .reduce(
        (made, patch) => (matchesFilter(made.name, patch) ? mergedExtension(made, patch.value) : made),
        filter,
      );
    if (merged.name !== connectionManagerName) return merged;
    const ofManager = httpPatches.filter((patch) => matchesFilter(merged.name, patch));
    return patchedManager(merged, (manager) =>
      withInlineRoutes(withHttpFilters(manager, ofManager), patches, context),
    );
  });
  return filters === before ? chain : { ...chain, filters };
}

function filterPatch(patch: Patch<'NETWORK_FILTER'>) {
  const wanted = patch.match.listener?.filterChain?.filter;
  return {
    operation: patch.operation,
    value: patch.value,
    chooses: wanted !== undefined,
    matches: ({ name }: FilterShape) => name === wanted?.name,
  };
}

/** Whether a patch is about a filter of this name, or about any. */
function matchesFilter(name: string | undefined, { match }: Patch): boolean {
  const wanted = match.listener?.filterChain?.filter;
  return wanted === undefined || wanted.name === name;
}

/** A connection manager with what is in its Any changed. */
function patchedManager(
  filter: FilterShape,
  change: (manager: HttpConnectionManagerShape) => HttpConnectionManagerShape,
): FilterShape {
  const { typedConfig } = filter;
  const manager = typedConfig && unpackAny(HttpConnectionManager, typedConfig);
  if (manager === undefined || manager === null) return filter;
  const changed = change(manager);
  if (changed === manager) return filter;
  return { ...filter, configDiscovery: null, typedConfig: packAny(HttpConnectionManager, changed) };
}

function withHttpFilters(
  manager: HttpConnectionManagerShape,
  patches: readonly Patch<'HTTP_FILTER'>[],
): HttpConnectionManagerShape {
  const before = manager.httpFilters ?? [];
  const changed = patches.reduce<readonly HttpFilterShape[]>((filters, patch) => {
    const wanted = patch.match.listener?.filterChain?.filter?.subFilter;
    return patchedList(filters, {
      operation: patch.operation,
      value: patch.value,
      chooses: wanted !== undefined,
      matches: ({ name }) => name === wanted?.name,
    });
  }, before);
  const merges = patches.filter(({ operation }) => operation === 'MERGE');
  const httpFilters = mappedList(changed, (filter) =>
    merges.reduce(
      (made, patch) => (matchesSubFilter(made, patch) ? mergedExtension(made, patch.value) : made),
      filter,
    ),
  );
  return httpFilters === before ? manager : { ...manager, httpFilters };
}

function matchesSubFilter({ name }: HttpFilterShape, { match }: Patch): boolean {
  const wanted = match.listener?.filterChain?.filter?.subFilter;
  return wanted === undefined || wanted.name === name;
}

/** The routes of inbound listeners stand in them. */
function withInlineRoutes(
  manager: HttpConnectionManagerShape,
  patches: PatchSet,
  context: PatchContext,
): HttpConnectionManagerShape {
  const { routeConfig } = manager;
  if (context !== 'SIDECAR_INBOUND' || routeConfig === undefined || routeConfig === null) return manager;
  const patched = patchedRoutes(routeConfig, patches, context);
  if (patched === routeConfig) return manager;
  return { ...manager, rds: null, scopedRoutes: null, routeConfig: patched };
}
