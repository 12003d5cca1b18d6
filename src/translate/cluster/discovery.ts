/** How a cluster finds its endpoints (Istio reference 5.3 to 5.5). */
import { packAny } from '../../envoy/any.js';
import { ApiVersion, DiscoveryType, DnsLookupFamily } from '../../envoy/enums.js';
import {
  CaresDnsResolverConfig,
  type ClusterShape,
  type ConfigSourceShape,
  type LocalityLbEndpointsShape,
  type TypedExtensionConfigShape,
} from '../../envoy/messages.js';
import { duration } from '../../envoy/well-known.js';
import { isWildcard } from '../../model/host.js';
import type { Protocol } from '../../model/protocol.js';
import type { Service } from '../../model/service.js';
import { isIpv6Only, type ClusterView } from './cluster-view.js';

/** Kinds of clusters, by where their endpoints come from. */
export type ClusterKind = 'eds' | 'strict-dns' | 'logical-dns' | 'original-dst' | 'dynamic-forward-proxy';

/** The kind of a service's clusters for a proxy. */
export function clusterKind(service: Service, proxyType: ClusterView['type']): ClusterKind {
  switch (service.resolution) {
    case 'DNSLB':
      return service.attributes.raceFirstTcpConnect === true ? 'logical-dns' : 'strict-dns';
    case 'DNSRoundRobinLB':
      return 'logical-dns';
    case 'Passthrough':
      return proxyType === 'sidecar' ? 'original-dst' : 'eds';
    case 'DynamicDNS':
      return isWildcard(service.hostname) ? 'dynamic-forward-proxy' : 'eds';
    default:
      return 'eds';
  }
}

/** Whether endpoints stand in the cluster itself, as host names that Envoy looks up. */
export function isDnsKind(kind: ClusterKind): kind is 'strict-dns' | 'logical-dns' {
  return kind === 'strict-dns' || kind === 'logical-dns';
}

/** Protocols in which a request names its host, so that it can be looked up. */
export function namesItsHost(protocol: Protocol): boolean {
  return protocol === 'HTTP' || protocol === 'TLS' || protocol === 'GRPC' || protocol === 'HTTP2';
}

/** What discovery sets of a cluster that is of one of Envoy's own types. */
export type DiscoveryFields = { readonly type: DiscoveryType } & Pick<
  ClusterShape,
  | 'edsClusterConfig'
  | 'loadAssignment'
  | 'dnsLookupFamily'
  | 'dnsRefreshRate'
  | 'respectDnsTtl'
  | 'dnsJitter'
  | 'typedDnsResolverConfig'
>;

const adsSource: ConfigSourceShape = {
  ads: {},
  initialFetchTimeout: duration(0),
  resourceApiVersion: ApiVersion.V3,
};

/** A cluster whose endpoints are asked for by its own name. */
export function edsFields(clusterName: string) {
  return {
    type: DiscoveryType.EDS,
    edsClusterConfig: { serviceName: clusterName, edsConfig: adsSource },
  } satisfies Partial<ClusterShape>;
}

/** A cluster that goes where the connection was going. */
export const originalDestination = { type: DiscoveryType.ORIGINAL_DST } satisfies Partial<ClusterShape>;

const caresResolver: TypedExtensionConfigShape = {
  name: 'envoy.network.dns_resolver.cares',
  typedConfig: packAny(CaresDnsResolverConfig, { udpMaxQueries: { value: 100 } }),
};

const dnsJitter = duration(100);

/** How names are looked up. */
export interface DnsInput {
  /** Milliseconds. */
  readonly refreshRate: number;
  readonly lookupFamily: DnsLookupFamily;
}

/** How the endpoints of a cluster are looked up. */
export function dnsFields({ refreshRate, lookupFamily }: DnsInput) {
  return {
    dnsLookupFamily: lookupFamily,
    dnsRefreshRate: duration(refreshRate),
    respectDnsTtl: true,
    dnsJitter,
    typedDnsResolverConfig: caresResolver,
  } satisfies Partial<ClusterShape>;
}

/** A cluster of endpoints that are looked up. */
export function dnsDiscovery(kind: 'strict-dns' | 'logical-dns') {
  return {
    type: kind === 'strict-dns' ? DiscoveryType.STRICT_DNS : DiscoveryType.LOGICAL_DNS,
  } satisfies Partial<ClusterShape>;
}

/** Endpoints that stand in the cluster itself. */
export function embeddedEndpoints(clusterName: string, endpoints: readonly LocalityLbEndpointsShape[]) {
  return { loadAssignment: { clusterName, endpoints } } satisfies Partial<ClusterShape>;
}

/** The family of addresses that a proxy looks up; one that has both looks up IPv4. */
export function dnsLookupFamily({ families }: Pick<ClusterView, 'families'>): DnsLookupFamily {
  return isIpv6Only(families) ? DnsLookupFamily.V6_ONLY : DnsLookupFamily.V4_ONLY;
}

/** The family in which a service's names are looked up: a race of connects is between both. */
export function serviceLookupFamily(service: Service, view: Pick<ClusterView, 'families'>): DnsLookupFamily {
  return service.attributes.raceFirstTcpConnect === true ? DnsLookupFamily.ALL : dnsLookupFamily(view);
}
