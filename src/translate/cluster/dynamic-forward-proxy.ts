/** Clusters whose requests name their hosts, which Envoy looks up as they come (Istio reference 5.10). */
import { packAny } from '../../envoy/any.js';
import type { DnsLookupFamily } from '../../envoy/enums.js';
import { DynamicForwardProxyCluster, type ClusterShape } from '../../envoy/messages.js';
import { uint32 } from '../../envoy/well-known.js';
import type { ServerNameOptions } from './protocol-options.js';
import type { TransportSocketFields } from './transport-socket.js';

/** What a cluster of this kind depends on. */
export interface ForwardProxyInput {
  /** Name of the cache; the HTTP filter of the same name shares it. */
  readonly cacheName: string;
  readonly lookupFamily: DnsLookupFamily;
  readonly maxHosts?: number;
  /** TLS without a server name by request, or without checking it: Envoy has to be told that this is meant. */
  readonly allowInsecure: boolean;
}

/** The custom type of the cluster. */
export function forwardProxyFields({ cacheName, lookupFamily, maxHosts, allowInsecure }: ForwardProxyInput) {
  const typedConfig = packAny(DynamicForwardProxyCluster, {
    dnsCacheConfig: {
      name: cacheName,
      dnsLookupFamily: lookupFamily,
      ...(maxHosts !== undefined && { maxHosts: uint32(maxHosts) }),
    },
    ...(allowInsecure && { allowInsecureClusterOptions: true }),
  });
  return {
    clusterType: { name: 'envoy.clusters.dynamic_forward_proxy', typedConfig },
  } satisfies Partial<ClusterShape>;
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
