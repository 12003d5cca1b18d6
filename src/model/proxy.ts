/** A proxy as it describes itself in its xDS node (Istio reference 8.2). */
import type { Labels } from './labels.js';
import type { Locality } from './locality.js';

export type ProxyType = 'sidecar' | 'router' | 'waypoint';

/**
 * Which configuration a node can load: `istio` is Istio's proxy build with its agent and gets exactly Istiod's
 * defaults; `plain` is an Envoy with neither; `grpc` is a gRPC client without a proxy.
 */
export type Dialect = 'istio' | 'plain' | 'grpc';

export type InterceptionMode = 'REDIRECT' | 'TPROXY' | 'NONE';

/** Node metadata as it arrived: JSON values. */
export type NodeMetadata = Readonly<Record<string, unknown>>;

/** A proxy's own description, checked and with every default filled in. */
export interface Proxy {
  /** The whole node id, `<type>~<ip>~<id>~<domain>`. */
  readonly nodeId: string;
  readonly type: ProxyType;
  readonly dialect: Dialect;
  /** First is primary. */
  readonly ipAddresses: readonly string[];
  /** Third part of the node id, usually `<pod>.<namespace>`. */
  readonly name: string;
  /** Fourth part of the node id, for example `default.svc.cluster.local`. */
  readonly dnsDomain: string;
  readonly namespace: string;
  /** Cluster id; empty when the node names none. */
  readonly clusterId: string;
  readonly network: string;
  readonly nodeName: string;
  /** The cluster that the xDS node names, by which tracers know the proxy; not one of Kubernetes. */
  readonly serviceCluster: string;
  /** LABELS of the metadata: the labels of a proxy whose workload is not known; its static ones do not count then. */
  readonly labels: Labels;
  readonly staticLabels: Labels;
  /** The locality of the xDS node. */
  readonly locality: Locality;
  readonly interceptionMode: InterceptionMode;
  readonly istioVersion: string;
  /** Networks whose endpoints it wants to see; empty means all. */
  readonly requestedNetworkView: readonly string[];
  readonly dnsCapture: boolean;
  readonly dnsAutoAllocate: boolean;
  /** A plain Envoy to which certificates can be served, so that mutual TLS may be turned on for it. */
  readonly sds: boolean;
  readonly userAgent: string;
  readonly metadata: NodeMetadata;
  /** Absent when anybody could have made the connection: nothing secret is given to such a proxy. */
  readonly connection?: ProxyConnection;
}

/** Who a workload is by its certificate. */
export interface WorkloadIdentity {
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** Who a proxy is by its connection, whatever it says of itself. */
export type ProxyConnection =
  /** The connection comes from this machine, whose users are trusted. */
  | { readonly kind: 'local' }
  /** The client has shown a certificate that is trusted; at least one identity. */
  | { readonly kind: 'certified'; readonly identities: readonly WorkloadIdentity[] };

/** IP families that a proxy has addresses of. */
export interface IpFamilies {
  readonly ipv4: boolean;
  readonly ipv6: boolean;
}

/** The families of a list of IP addresses. */
export function ipFamilies(addresses: readonly string[]): IpFamilies {
  return {
    ipv4: addresses.some((address) => !address.includes(':')),
    ipv6: addresses.some((address) => address.includes(':')),
  };
}
