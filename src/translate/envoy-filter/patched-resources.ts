/**
 * EnvoyFilters applied to what was made: the entry of clusters, listeners and routes. What no patch changes stays the
 * very same resource, shared with proxies that have no EnvoyFilters.
 */
import type { PatchContext } from '../../config/kinds/envoy-filter.js';
import { errorMessage } from '../../base/errors.js';
import {
  Cluster,
  Listener,
  RouteConfiguration,
  TypedExtensionConfig,
  type ClusterShape,
  type ListenerShape,
} from '../../envoy/messages.js';
import { encodedResource, type EncodedResource } from '../../envoy/resource.js';
import type { ProxyContext } from '../../mesh/snapshot.js';
import type { Memo } from '../memo.js';
import { parseClusterName } from '../names.js';
import { parseRouteName } from '../route/route-name.js';
import type { Translation, TranslationProblem } from '../translation.js';
import { addedClusters, patchedCluster } from './cluster-patches.js';
import { patchesFor, type PatchSet } from './compiled-patches.js';
import { gatewayPorts } from './gateway-ports.js';
import { addedListeners, patchedListener } from './listener-patches.js';
import { patchedRoutes, type GatewayPorts } from './route-patches.js';

/** What proxies send requests to counts as a gateway's on a router. */
export function clientContext({ proxy }: ProxyContext): PatchContext {
  return proxy.type === 'router' ? 'GATEWAY' : 'SIDECAR_OUTBOUND';
}

/** Clusters of one context with their patches. */
export function patchClusters(
  context: ProxyContext,
  translation: Translation,
  patchContext: PatchContext,
  memo: Memo,
): Translation {
  const patches = patchesFor(context, memo);
  if (patches === undefined || patches.of('CLUSTER', patchContext).length === 0) return translation;
  return patchAll(translation, (resource) => {
    const hosts = memo.intern(hostsOf(context, resource.name));
    const input = { resource, patches, patchContext, hosts };
    return memo.group('patched clusters').compute(resource.name, input, patchCluster);
  });
}

interface PatchInput {
  readonly resource: EncodedResource;
  readonly patches: PatchSet;
  readonly patchContext: PatchContext;
}

function patchCluster({
  resource,
  patches,
  patchContext,
  hosts,
}: PatchInput & { readonly hosts: readonly string[] }): Translation {
  return patchOne(resource, () => {
    const cluster = Cluster.decode(resource.body);
    const patched = patchedCluster(cluster, patches, patchContext, hosts);
    return patched === cluster ? resource : patched && encodedCluster(patched);
  });
}

function encodedCluster(cluster: ClusterShape): EncodedResource {
  return encodedResource(cluster.name ?? '', Cluster.typeUrl, Cluster.encode(cluster));
}

/** Hosts of the services that an inbound cluster is for; empty for others. */
function hostsOf({ scope, serviceTargets }: ProxyContext, clusterName: string): readonly string[] {
  const parsed = parseClusterName(clusterName);
  if (parsed?.direction !== 'inbound') return [];
  const hosts = serviceTargets
    .filter(({ targetPort }) => targetPort === parsed.port)
    .map(({ service }) => service.hostname);
  const { sidecar } = scope;
  if (sidecar === undefined || sidecar.spec.ingress.length === 0) return hosts;
  return [hosts[0] ?? `${sidecar.metadata.name}.${sidecar.metadata.namespace}`];
}

/** Clusters that patches of a context add. */
export function clustersOfPatches(
  context: ProxyContext,
  patchContext: PatchContext,
  memo: Memo,
): readonly EncodedResource[] {
  const patches = patchesFor(context, memo);
  if (patches === undefined) return [];
  return memo
    .group('added clusters')
    .compute(patchContext, { patches, patchContext }, (input) =>
      addedClusters(input.patches, input.patchContext).map(encodedCluster),
    );
}

/**
 * Listeners of one context with their patches, and behind them those that patches add.
 *
 * @param adds whether listeners are added here
 */
export function patchListeners(
  context: ProxyContext,
  translation: Translation,
  patchContext: PatchContext,
  memo: Memo,
): Translation {
  const patches = patchesFor(context, memo);
  if (patches === undefined) return translation;
  const patched = patchAll(translation, (resource) =>
    memo
      .group('patched listeners')
      .compute(resource.name, { resource, patches, patchContext }, patchListener),
  );
  const added = memo
    .group('added listeners')
    .compute(patchContext, { patches, patchContext }, (input) =>
      addedListeners(input.patches, input.patchContext).map(encodedListener),
    );
  return {
    resources: [...patched.resources, ...added],
    // Said once, though patches are for both sides of a sidecar.
    problems:
      patchContext === 'SIDECAR_INBOUND' ? patched.problems : [...patched.problems, ...patches.problems],
  };
}

function patchListener({ resource, patches, patchContext }: PatchInput): Translation {
  return patchOne(resource, () => {
    const listener = Listener.decode(resource.body);
    const patched = patchedListener(listener, patches, patchContext);
    return patched === listener ? resource : patched && encodedListener(patched);
  });
}

function encodedListener(listener: ListenerShape): EncodedResource {
  return encodedResource(listener.name ?? '', Listener.typeUrl, Listener.encode(listener));
}

/** A route configuration with its patches. What stands for the routes of a name that a sidecar has none for stays. */
export function patchRoutes(context: ProxyContext, resource: EncodedResource, memo: Memo): Translation {
  const patches = patchesFor(context, memo);
  const isUnknown = context.proxy.type !== 'router' && parseRouteName(resource.name) === undefined;
  if (patches === undefined || isUnknown) return { resources: [resource], problems: none };
  const ports = gatewayPorts(context, memo);
  const input = { resource, patches, patchContext: clientContext(context), ports };
  return memo.group('patched routes').compute(resource.name, input, patchRouteConfiguration);
}

function patchRouteConfiguration({
  resource,
  patches,
  patchContext,
  ports,
}: PatchInput & { readonly ports: GatewayPorts }): Translation {
  return patchOne(resource, () => {
    const routes = RouteConfiguration.decode(resource.body);
    const patched = patchedRoutes(routes, patches, patchContext, ports);
    if (patched === routes) return resource;
    return encodedResource(resource.name, RouteConfiguration.typeUrl, RouteConfiguration.encode(patched));
  });
}

/** Extension configurations (ECDS) that patches add, by name. */
export function extensionConfigs(
  context: ProxyContext,
  names: ReadonlySet<string>,
  memo: Memo,
): readonly EncodedResource[] {
  const patches = patchesFor(context, memo);
  if (patches === undefined) return [];
  const all = memo.group('extension configs').compute('', { patches }, addedExtensionConfigs);
  return all.filter(({ name }) => names.has(name));
}

function addedExtensionConfigs({ patches }: { readonly patches: PatchSet }): readonly EncodedResource[] {
  return patches
    .of('EXTENSION_CONFIG')
    .filter(({ operation }) => operation === 'ADD')
    .flatMap(({ value }) => value ?? [])
    .map((config) =>
      encodedResource(config.name ?? '', TypedExtensionConfig.typeUrl, TypedExtensionConfig.encode(config)),
    );
}

function patchAll(
  { resources, problems }: Translation,
  patch: (resource: EncodedResource) => Translation,
): Translation {
  const patched = resources.map(patch);
  return {
    resources: patched.flatMap((made) => made.resources),
    problems: [...problems, ...patched.flatMap((made) => made.problems)],
  };
}

/** What fails leaves the resource as it was, as with Istiod. */
function patchOne(resource: EncodedResource, patch: () => EncodedResource | undefined): Translation {
  try {
    const patched = patch();
    return { resources: patched === undefined ? [] : [patched], problems: none };
  } catch (error) {
    const message = `EnvoyFilters could not be applied, it is served without them: ${errorMessage(error)}`;
    return { resources: [resource], problems: [{ subject: resource.name, message }] };
  }
}

const none: readonly TranslationProblem[] = [];
