/** Clusters whose requests name their hosts, which Envoy looks up as they come (Istio reference 5.10). */
import { packAny } from '../../envoy/any.js';
import type { DnsLookupFamily } from '../../envoy/enums.js';
import {
  CaresDnsResolverConfig,
  DynamicForwardProxyCluster,
  type ClusterShape,
  type DnsCacheConfigShape,
  type TypedExtensionConfigShape,
} from '../../envoy/messages.js';
import { uint32 } from '../../envoy/well-known.js';
import type { DnsResolver } from './host-lookup.js';
import type { ServerNameOptions } from './protocol-options.js';
import { socketAddress } from './static-cluster.js';
import type { TransportSocketFields } from './transport-socket.js';

/** A cache of looked-up hosts; clusters and filters that name the same one share it. */
export interface DnsCacheInput {
  readonly cacheName: string;
  readonly lookupFamily: DnsLookupFamily;
  /** Who is asked; absent for whom Envoy asks by itself. */
  readonly resolver?: DnsResolver;
  readonly maxHosts?: number;
}

/** What a cluster of this kind depends on. */
export interface ForwardProxyInput extends DnsCacheInput {
  /** TLS without a server name by request, or without checking it: Envoy has to be told that this is meant. */
  readonly allowInsecure: boolean;
}

/** The custom type of the cluster. */
export function forwardProxyFields(input: ForwardProxyInput) {
  const typedConfig = packAny(DynamicForwardProxyCluster, {
    dnsCacheConfig: dnsCache(input),
    ...(input.allowInsecure && { allowInsecureClusterOptions: true }),
  });
  return {
    clusterType: { name: 'envoy.clusters.dynamic_forward_proxy', typedConfig },
  } satisfies Partial<ClusterShape>;
}

/** The configuration of a cache. Envoy wants the same one wherever it is named. */
export function dnsCache({
  cacheName,
  lookupFamily,
  resolver,
  maxHosts,
}: DnsCacheInput): DnsCacheConfigShape {
  return {
    name: cacheName,
    dnsLookupFamily: lookupFamily,
    ...(maxHosts !== undefined && { maxHosts: uint32(maxHosts) }),
    ...(resolver !== undefined && { typedDnsResolverConfig: resolverExtension(resolver) }),
  };
}

function resolverExtension({ address, port }: DnsResolver): TypedExtensionConfigShape {
  return {
    name: 'envoy.network.dns_resolver.cares',
    typedConfig: packAny(CaresDnsResolverConfig, { resolvers: [socketAddress(address, port)] }),
  };
}

/** The DNS cache of a wildcard host. */
export function hostCacheName(hostname: string): string {
  return `${hostname}_dfp_dns_cache`;
}

/** How servers are named: by the request, unless the rule names one; what it names is checked, unless nothing is. */
export function forwardProxyServerName({
  sni,
  verifies,
}: NonNullable<TransportSocketFields['tls']>): Required<ServerNameOptions> {
  return { autoSni: sni === '', autoSanValidation: verifies };
}
