/** Patches of listeners, their filter chains and their listener filters. */
import type { PatchContext } from '../../config/kinds/envoy-filter.js';
import { mergeMessages } from '../../envoy/merge.js';
import {
  Listener,
  type FilterChainShape,
  type ListenerFilterShape,
  type ListenerShape,
} from '../../envoy/messages.js';
import { mergedSocket } from './cluster-patches.js';
import { listMerge, patchTypes, type Patch, type PatchSet } from './compiled-patches.js';
import { patchedFilters } from './filter-patches.js';
import { keptList, mappedList, patchedList } from './list-patches.js';
import { mergedExtension } from './typed-config.js';

/** A listener with all patches for it; undefined for one that is removed, the very same one if nothing changed. */
export function patchedListener(
  listener: ListenerShape,
  patches: PatchSet,
  context: PatchContext,
): ListenerShape | undefined {
  let patched = listener;
  for (const patch of patches.of('LISTENER', context)) {
    if (!matchesListener(patched, patch, true)) continue;
    if (patch.operation === 'REMOVE') return undefined;
    const lists = listMerge(patch);
    if (lists !== undefined && patch.value !== undefined)
      patched = mergeMessages(Listener, patched, patch.value, lists);
  }
  return withFilterChains(withListenerFilters(patched, patches, context), patches, context);
}

/** Listeners that patches add. A patch that names no context adds clients' ones only. */
export function addedListeners(patches: PatchSet, context: PatchContext): readonly ListenerShape[] {
  return patches
    .of('LISTENER', context)
    .filter(
      ({ operation, match }) =>
        operation === 'ADD' && (context !== 'SIDECAR_INBOUND' || match.context !== 'ANY'),
    )
    .flatMap(({ value }) => value ?? []);
}

function withListenerFilters(
  listener: ListenerShape,
  patches: PatchSet,
  context: PatchContext,
): ListenerShape {
  const before = listener.listenerFilters ?? [];
  let filters: readonly ListenerFilterShape[] = before;
  for (const patch of patches.of('LISTENER_FILTER', context)) {
    if (!matchesListener(listener, patch, false)) continue;
    const wanted = patch.match.listener?.listenerFilter ?? '';
    filters =
      patch.operation === 'MERGE'
        ? mergedFilters(filters, wanted, patch)
        : patchedList(filters, {
            operation: patch.operation,
            value: patch.value,
            chooses: wanted !== '',
            matches: ({ name }) => name === wanted,
          });
  }
  return filters === before ? listener : { ...listener, listenerFilters: filters };
}

/** Whichever filter is named, the configuration is merged into all that are of its type. Names stay. */
function mergedFilters(
  filters: readonly ListenerFilterShape[],
  wanted: string,
  { value }: Patch<'LISTENER_FILTER'>,
): readonly ListenerFilterShape[] {
  if (wanted === '' || value === undefined) return filters;
  return mappedList(filters, (filter) => mergedExtension(filter, { typedConfig: value.typedConfig }));
}

function withFilterChains(listener: ListenerShape, patches: PatchSet, context: PatchContext): ListenerShape {
  const before = listener.filterChains ?? [];
  const patch = (chain: FilterChainShape): FilterChainShape | undefined =>
    patchedChain(listener, chain, patches, context);
  const added = patches
    .of('FILTER_CHAIN', context)
    .filter((candidate) => candidate.operation === 'ADD' && matchesListener(listener, candidate, false))
    .flatMap(({ value }) => value ?? [])
    .filter(({ filters = [] }) => filters.length > 0);
  const kept = keptList(before, patch);
  const filterChains = added.length === 0 ? kept : [...kept, ...added];
  const { defaultFilterChain: fallback } = listener;
  const hasFallback = fallback !== undefined && fallback !== null && (fallback.filters ?? []).length > 0;
  const defaultFilterChain = hasFallback ? patch(fallback) : fallback;
  if (filterChains === before && defaultFilterChain === fallback) return listener;
  const { defaultFilterChain: _replaced, ...rest } = listener;
  return {
    ...rest,
    filterChains,
    ...(defaultFilterChain !== undefined && { defaultFilterChain }),
  };
}

/** A chain with all patches for it; undefined for one that is removed, or has no filters. */
function patchedChain(
  listener: ListenerShape,
  chain: FilterChainShape,
  patches: PatchSet,
  context: PatchContext,
): FilterChainShape | undefined {
  if ((chain.filters ?? []).length === 0) return undefined;
  let patched = chain;
  for (const patch of patches.of('FILTER_CHAIN', context)) {
    if (!matchesChain(listener, patched, patch)) continue;
    if (patch.operation === 'REMOVE') return undefined;
    patched = mergedChain(patched, patch);
  }
  return patchedFilters(patched, patches, context, (patch) => matchesChain(listener, patched, patch));
}

/** Of a patch whose transport socket has the name of the chain's nothing else counts. */
function mergedChain(chain: FilterChainShape, patch: Patch<'FILTER_CHAIN'>): FilterChainShape {
  const lists = listMerge(patch);
  const { value } = patch;
  if (lists === undefined || value === undefined) return chain;
  const [own, socket] = [chain.transportSocket, value.transportSocket];
  if (
    own !== undefined &&
    own !== null &&
    socket !== undefined &&
    socket !== null &&
    own.name === socket.name
  )
    return { ...chain, transportSocket: mergedSocket(own, socket) };
  return mergeMessages(patchTypes.FILTER_CHAIN, chain, value, lists);
}

/** The listeners of intercepted connections, which have chains for many ports. */
const virtualListeners: ReadonlySet<string | undefined> = new Set(['virtualInbound', 'virtualOutbound']);

/**
 * @param asWhole for patches of the listener itself; for those of its parts the port of an intercepting listener is
 *   looked for in its chains
 */
function matchesListener(listener: ListenerShape, { match }: Patch, asWhole: boolean): boolean {
  const wanted = match.listener;
  if (wanted === undefined) return true;
  if (wanted.name !== '' && wanted.name !== listener.name) return false;
  if (!asWhole && virtualListeners.has(listener.name)) return true;
  return wanted.portNumber === 0 || listener.address?.socketAddress?.portValue === wanted.portNumber;
}

function matchesChain(listener: ListenerShape, chain: FilterChainShape, patch: Patch): boolean {
  if (!matchesListener(listener, patch, false)) return false;
  const wanted = patch.match.listener;
  if (wanted === undefined) return true;
  const match = chain.filterChainMatch ?? {};
  const port = match.destinationPort?.value ?? undefined;
  if (virtualListeners.has(listener.name) && wanted.portNumber > 0 && port !== wanted.portNumber)
    return false;
  const { filterChain } = wanted;
  if (filterChain === undefined) return true;
  const protocols =
    filterChain.applicationProtocols === '' ? [] : filterChain.applicationProtocols.split(',');
  return (
    (filterChain.name === '' || filterChain.name === chain.name) &&
    (filterChain.sni === '' || (match.serverNames ?? []).includes(filterChain.sni)) &&
    (filterChain.transportProtocol === '' || match.transportProtocol === filterChain.transportProtocol) &&
    protocols.every((protocol) => (match.applicationProtocols ?? []).includes(protocol)) &&
    (filterChain.destinationPort === 0 || port === filterChain.destinationPort)
  );
}
