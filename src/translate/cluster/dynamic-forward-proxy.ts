/** Clusters whose requests name their hosts, which Envoy looks up as they come (Istio reference 5.10). */
import { packAny } from '../../envoy/any.js';
import type { DnsLookupFamily } from '../../envoy/enums.js';
import {
  CaresDnsResolverConfig,
  DynamicForwardProxyCluster,
  type ClusterShape,
  type TypedExtensionConfigShape,
} from '../../envoy/messages.js';
import { uint32 } from '../../envoy/well-known.js';
import type { DnsResolver } from './host-lookup.js';
import type { ServerNameOptions } from './protocol-options.js';
import { socketAddress } from './static-cluster.js';
import type { TransportSocketFields } from './transport-socket.js';

/** What a cluster of this kind depends on. */
export interface ForwardProxyInput {
  /** Name of the cache; the HTTP filter of the same name shares it. */
  readonly cacheName: string;
  readonly lookupFamily: DnsLookupFamily;
  /** Who is asked; absent for whom Envoy asks by itself. */
  readonly resolver?: DnsResolver;
  readonly maxHosts?: number;
  /** TLS without a server name by request, or without checking it: Envoy has to be told that this is meant. */
  readonly allowInsecure: boolean;
}

/** The custom type of the cluster. */
export function forwardProxyFields(input: ForwardProxyInput) {
  const { cacheName, lookupFamily, resolver, maxHosts, allowInsecure } = input;
  const typedConfig = packAny(DynamicForwardProxyCluster, {
    dnsCacheConfig: {
      name: cacheName,
      dnsLookupFamily: lookupFamily,
      ...(maxHosts !== undefined && { maxHosts: uint32(maxHosts) }),
      ...(resolver !== undefined && { typedDnsResolverConfig: resolverExtension(resolver) }),
    },
    ...(allowInsecure && { allowInsecureClusterOptions: true }),
  });
  return {
    clusterType: { name: 'envoy.clusters.dynamic_forward_proxy', typedConfig },
  } satisfies Partial<ClusterShape>;
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
