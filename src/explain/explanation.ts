/** What `explain` tells, as plain data: JSON as it is, text by `report.ts`. */
import type { HealthStatus } from '../model/endpoint.js';
import type { Protocol } from '../model/protocol.js';
import type { Dialect, ProxyType } from '../model/proxy.js';
import type { Resolution } from '../model/service.js';
import type { ClusterKind } from '../translate/cluster/discovery.js';
import type { ReasonCode } from './reason-codes.js';

/** Why something is left out: a code for scripts, and a sentence for people. */
export interface Reason {
  readonly code: ReasonCode;
  /** A sentence part without a full stop. */
  readonly text: string;
}

/** Where something was read from. */
export interface Source {
  /** `Kind namespace/name`, or what stands for it in a registry that is not Kubernetes. */
  readonly object: string;
  /** `file:line`, where it is from a file. */
  readonly location?: string;
  /** `provider/cluster` of the registry, for what registries say. */
  readonly registry?: string;
}

/** `visible`: the proxy sees the service (and the port). All else is explained too. */
export type Outcome = 'visible' | 'not-visible' | 'unknown-port' | 'unknown-host';

/** Everything that is told. */
export interface Explanation {
  /** The host in full. */
  readonly host: string;
  /** As it was asked for, if it was completed. */
  readonly askedAs?: string;
  readonly port?: number;
  readonly outcome: Outcome;
  /** Why the outcome is not `visible`; services and their reasons say more. */
  readonly reason?: Reason;
  readonly proxy: ProxyExplanation;
  /** Every service of the host, in the order in which Istio takes them. */
  readonly services: readonly ServiceExplanation[];
  /** Documents and values that are not in force and concern the host, or may do so. */
  readonly refused: readonly RefusedValue[];
  /** Hosts that may have been meant, if this one is not known. */
  readonly nearest: readonly string[];
  /** What the proxy is served for the host; absent if it does not see it. */
  readonly seen?: SeenService;
}

/** The proxy that is asked for. */
export interface ProxyExplanation {
  readonly name: string;
  readonly type: ProxyType;
  readonly namespace: string;
  readonly dialect: Dialect;
  /** What decided the dialect. */
  readonly dialectBy: string;
  readonly cluster: string;
  readonly network: string;
  readonly locality: string;
  /** What says where it is. */
  readonly localityBy: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Where the labels are from. */
  readonly labelsBy: string;
  /** The Sidecar that decides what it sees. */
  readonly sidecar?: Source;
}

/** One object that gives a service of the host. */
export interface ServiceExplanation {
  readonly namespace: string;
  /** Several for a Kubernetes Service in several clusters. */
  readonly sources: readonly Source[];
  /** ISO 8601; absent when the object has none. */
  readonly created?: string;
  readonly addresses: readonly string[];
  readonly ports: readonly number[];
  readonly resolution: Resolution;
  /** `seen` is the one that decides; `merged` only adds its ports. */
  readonly state: 'seen' | 'merged' | 'left-out';
  /** Why it is seen or merged. */
  readonly why?: string;
  /** Why it is left out. */
  readonly reason?: Reason;
}

/** Something that was refused or kept out, with what is wrong. */
export interface RefusedValue extends Reason {
  readonly source: Source;
}

/** What a proxy is served for a host. */
export interface SeenService {
  readonly namespace: string;
  readonly resolution: Resolution;
  /** Hosts that stand for it (ExternalName services). */
  readonly aliases: readonly string[];
  /** The host that it stands for, if it is an alias itself. */
  readonly aliasOf?: string;
  readonly rule: RuleExplanation;
  readonly ports: readonly PortExplanation[];
  /** Clusters by which the proxy reaches its own workload, if that serves the host. */
  readonly inbound: readonly string[];
  /** Endpoints that never get as far as a cluster. */
  readonly leftOut: readonly LeftOutEndpoint[];
}

/** Which DestinationRule is in force. */
export interface RuleExplanation {
  /** The rules that are in force together, the first one first. */
  readonly inForce: readonly RuleInForce[];
  /** Why these. */
  readonly why?: string;
  readonly leftOut: readonly { readonly source: Source; readonly host: string; readonly reason: Reason }[];
}

/** A rule that gives something to what is in force. */
export interface RuleInForce {
  readonly source: Source;
  readonly host: string;
  /** What of it counts. */
  readonly gives: string;
}

/** One port of a service. */
export interface PortExplanation {
  readonly port: number;
  readonly name: string;
  readonly protocol: Protocol;
  readonly protocolBy: string;
  readonly clusters: readonly ClusterExplanation[];
  /** Why there is no cluster. */
  readonly reason?: Reason;
  /** Names of the listeners that lead to any of the clusters. */
  readonly listeners: readonly string[];
  /** Routes that lead to any of the clusters, each as `ROUTES (VIRTUAL HOST)`. */
  readonly routes: readonly string[];
}

/** One cluster: of the whole service or of a subset. */
export interface ClusterExplanation {
  readonly name: string;
  readonly subset: string;
  readonly kind: ClusterKind;
  readonly kindBy: string;
  /** Settings that are not Istio's defaults, with where they are from. */
  readonly settings: readonly Setting[];
  /** What one would expect to be in force and is not. */
  readonly notes: readonly string[];
  readonly tls: TlsExplanation;
  readonly endpoints: readonly EndpointExplanation[];
  readonly leftOut: readonly LeftOutEndpoint[];
}

/** A setting of a cluster. */
export interface Setting {
  /** As in the object that it is from, for example `connectionPool.tcp.maxConnections`. */
  readonly path: string;
  readonly value: unknown;
  readonly from: string;
}

/** Which TLS is spoken to a cluster. */
export interface TlsExplanation {
  readonly mode: 'none' | 'mutual' | 'mutual-by-endpoint' | 'origination';
  readonly why: string;
  readonly sni?: string;
  readonly subjectAltNames?: readonly string[];
}

/** An endpoint that is served, or the gateway in the place of several. */
export interface EndpointExplanation {
  /** `address:port`, or the path of a Unix socket. */
  readonly address: string;
  /** Absent for a gateway. */
  readonly health?: HealthStatus;
  readonly locality: string;
  readonly weight: number;
  readonly priority: number;
  /** Whether it is marked for Istio's mutual TLS, which a cluster of the mode `mutual-by-endpoint` heeds. */
  readonly mutualTls: boolean;
  /** Reached through a tunnel (HBONE), which has mutual TLS of its own. */
  readonly tunnel?: true;
  /** Why it is not. */
  readonly plainBecause?: string;
  readonly workload?: string;
  /** Where the endpoint is from; absent for a gateway. */
  readonly source?: Source;
  /** For a gateway: endpoints that are reached through it, with where they are from. */
  readonly standsFor?: readonly { readonly address: string; readonly source: Source }[];
}

/** An endpoint that is not served. */
export interface LeftOutEndpoint {
  readonly address: string;
  readonly workload?: string;
  readonly source: Source;
  readonly reason: Reason;
}
