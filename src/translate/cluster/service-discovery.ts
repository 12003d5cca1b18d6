/** How a service's cluster finds endpoints and chooses among them (Istio reference 5.3, 5.4, 5.11). */
import type { ClusterShape, LocalityLbEndpointsShape } from '../../envoy/messages.js';
import type { EndpointsInput } from '../endpoint/build-endpoints.js';
import { embeddedEndpoints as localitiesOf } from '../endpoint/embedded.js';
import type { LocalityLbAction } from '../endpoint/locality-lb/settings.js';
import { finalKind, targetName, type ClusterTarget } from './cluster-target.js';
import {
  dnsDiscovery,
  dnsFields,
  dnsLookupFamily,
  edsFields,
  embeddedEndpoints,
  isDnsKind,
  originalDestination,
  serviceLookupFamily,
  type DiscoveryFields,
} from './discovery.js';
import { forwardProxyFields, hostCacheName } from './dynamic-forward-proxy.js';
import { embeddingAction } from './embedded-endpoints.js';
import {
  clusterProvided,
  clusterProvidedOnPort,
  loadBalancerFields,
  type LoadBalancerFields,
} from './load-balancer.js';
import type { ServerNameOptions } from './protocol-options.js';

/**
 * How the cluster finds its endpoints; undefined for one that holds its endpoints and has none. Settings of DNS stay
 * even where the load balancer makes them useless, as Istio sends them.
 */
export function serviceDiscovery(target: ClusterTarget): DiscoveryFields | undefined {
  const { mesh, service, view } = target.input;
  const name = targetName(target);
  const final = finalKind(target);
  if (!isDnsKind(target.kind)) return final === 'eds' ? edsFields(name) : originalDestination;
  const endpoints = localities(target);
  if (endpoints.length === 0) return undefined;
  const dns = dnsFields({
    refreshRate: mesh.dnsRefreshRate,
    lookupFamily: serviceLookupFamily(service, view),
  });
  if (!isDnsKind(final)) return { ...originalDestination, ...dns };
  return { ...dnsDiscovery(final), ...dns, ...embeddedEndpoints(name, endpoints) };
}

/** The type of a cluster that looks up what requests name. */
export function serviceForwardProxy(
  { input }: ClusterTarget,
  serverName: ServerNameOptions | undefined,
): Pick<ClusterShape, 'clusterType'> {
  const { autoSni = false, autoSanValidation = false } = serverName ?? {};
  // Without TLS Istio does not say that this is meant, and Envoy refuses the cluster if it has options for HTTP.
  const saysSo = serverName !== undefined || !input.view.metadataExchange;
  return forwardProxyFields({
    cacheName: hostCacheName(input.service.hostname),
    lookupFamily: dnsLookupFamily(input.view),
    allowInsecure: saysSo && !(autoSni && autoSanValidation),
  });
}

/** A port to go to instead of the original one is only known to clusters that are made for that. */
export function serviceBalancing(target: ClusterTarget): LoadBalancerFields {
  const { input, port, kind, policy } = target;
  const final = finalKind(target);
  if (final === 'eds' || isDnsKind(final)) return loadBalancerFields(policy?.loadBalancer);
  const { passthroughTargetPorts } = input.service.attributes;
  const override = kind === 'original-dst' ? passthroughTargetPorts?.[port.port] : undefined;
  return override === undefined ? clusterProvided : clusterProvidedOnPort(override);
}

function localities(target: ClusterTarget): readonly LocalityLbEndpointsShape[] {
  const embedded = embeddedInput(target);
  return embedded === undefined ? [] : localitiesOf(embedded.endpoints, embedded.action);
}

/** What the endpoints that a cluster holds itself depend on; undefined for one that holds none. */
export function embeddedInput({
  input,
  port,
  subset,
  policy,
}: ClusterTarget):
  { readonly endpoints: EndpointsInput; readonly action: LocalityLbAction | undefined } | undefined {
  const { service, rule, mesh, shards = [], clusterLocal = false } = input;
  const { networks, peerAuthentications, endpointView } = input;
  if (networks === undefined || peerAuthentications === undefined || endpointView === undefined)
    return undefined;
  const cluster = { service, subset: subset?.name ?? '', mutualTlsOnly: input.mode === 'sni-dnat' };
  const endpoints: EndpointsInput = {
    ...cluster,
    use: 'dns',
    port,
    rule,
    shards,
    networks,
    peerAuthentications,
    clusterLocal,
    self: false,
    proxy: endpointView,
  };
  return { endpoints, action: embeddingAction({ ...cluster, policy, mesh }) };
}
