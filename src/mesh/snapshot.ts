/**
 * The immutable state of the mesh that a push works on: what registries and configuration say, merged and
 * indexed (Istio's push context, Istio reference 4). A part that did not change since the snapshot before is the
 * same object, so that what was made of it need not be made again.
 */
import type { ConfigObject } from '../config/object.js';
import type { MeshConfig } from '../config/mesh-config.js';
import type { OutboundTrafficPolicy } from '../config/kinds/networking.js';
import type { Subset, TrafficPolicy } from '../config/kinds/traffic-policy.js';
import type { Labels } from '../model/labels.js';
import type { Locality } from '../model/locality.js';
import type { NetworkGateway } from '../model/network.js';
import type { IpFamilies, Proxy } from '../model/proxy.js';
import type { Service } from '../model/service.js';
import type { MutualTlsMode } from '../config/kinds/networking.js';
import type { PolicyWorkload } from './policy-target.js';
import type { AggregateView, ServiceTarget, Shard } from '../registry/view.js';

export interface Snapshot {
  /** Differs from every other snapshot's of this process. */
  readonly version: string;
  readonly mesh: MeshConfig;
  readonly discovery: AggregateView;
  readonly services: ServiceIndex;
  readonly endpoints: EndpointIndex;
  readonly networks: NetworkIndex;
  readonly destinationRules: DestinationRuleIndex;
  readonly virtualServices: VirtualServiceIndex;
  readonly sidecars: SidecarIndex;
  readonly peerAuthentications: PeerAuthenticationIndex & PeerAuthenticationDecisions;
  readonly gateways: readonly ConfigObject<'Gateway'>[];
  readonly authorizationPolicies: WorkloadPolicyIndex<'AuthorizationPolicy'>;
  readonly requestAuthentications: WorkloadPolicyIndex<'RequestAuthentication'>;
  readonly telemetries: TelemetryIndex;
  readonly envoyFilters: EnvoyFilterIndex;
  readonly secrets: SecretIndex;
}

/** Secrets and ConfigMaps of the primary cluster that hold certificates or CAs. */
export interface SecretIndex {
  secret(namespace: string, name: string): ConfigObject<'Secret'> | undefined;
  configMap(namespace: string, name: string): ConfigObject<'ConfigMap'> | undefined;
}

/** Policies that are for workloads of their namespace, or of every one if they are of the root namespace. */
export interface WorkloadPolicyIndex<K extends 'AuthorizationPolicy' | 'RequestAuthentication'> {
  /** Those for a workload in Istio's order; the same list as long as they are the same. */
  forWorkload(workload: PolicyWorkload): readonly ConfigObject<K>[];
}

export interface TelemetryIndex {
  /**
   * Those for a workload, the same list as long as they are the same: that for the mesh, that for the namespace, and
   * those that choose the workload. Later ones override earlier ones.
   */
  forWorkload(workload: PolicyWorkload): readonly ConfigObject<'Telemetry'>[];
}

/** A patch: its EnvoyFilter, and its place among the filter's patches. */
export interface SelectedPatch {
  readonly filter: ConfigObject<'EnvoyFilter'>;
  readonly index: number;
}

/** The patches for a proxy in the order in which they are applied; the same object as long as they are the same. */
export interface EnvoyFilterSelection {
  /** Names the patches; selections of one snapshot with the same key are the same. */
  readonly key: string;
  readonly patches: readonly SelectedPatch[];
}

export interface EnvoyFilterIndex {
  /** The patches for a proxy; undefined when there are none. */
  forProxy(proxy: Proxy, workload: PolicyWorkload): EnvoyFilterSelection | undefined;
}

/** Services in Istio's order, with aliases resolved and visibility decided (Istio reference 4.2). */
export interface ServiceIndex {
  /** All, sorted by creation time, name, namespace; Alias services too. */
  readonly all: readonly Service[];
  /** The service of a host in a namespace: a Kubernetes one before others, else the first. */
  byHost(hostname: string, namespace: string): Service | undefined;
  /** Namespaces that have a service of this host, with the service. */
  namespacesOf(hostname: string): ReadonlyMap<string, Service>;
  /** What proxies of a namespace may see, in the order "explicitly exported to it (private ones too), then public". */
  visibleTo(namespace: string): readonly Service[];
  /** Why `visibleTo` has a service for a namespace, or has it not. */
  exportOf(service: Service, namespace: string): ServiceExport;
}

/** To whom a service is exported, and what says so. */
export interface ServiceExport {
  /** What is in force. */
  readonly exportTo: readonly string[];
  /** The service itself, the mesh's default, or the mesh's limit for ServiceEntries. */
  readonly by: 'declared' | 'mesh-default' | 'service-entry-visibility';
  /** Whether the namespace that was asked for sees it. */
  readonly shown: boolean;
}

export interface EndpointIndex {
  /** Shards of a service, sorted by provider and then cluster; empty when it has none. Same array as long as nothing changed. */
  shards(hostname: string, namespace: string): readonly Shard[];
  /**
   * Accounts that clients accept from a service: those of its endpoints and its own, repeated for each trust
   * domain alias, sorted (Istio reference 4.2, appendix C.17). Same array as long as the content is equal.
   */
  serviceAccounts(service: Service): readonly string[];
}

/** Gateways between networks (Istio reference 6.7). */
export interface NetworkIndex {
  /** Whether any gateway is known; without one, networks do not matter. */
  readonly multiNetwork: boolean;
  /** Least common multiple of the numbers of gateways, at least 1. */
  readonly scale: number;
  /** Gateways for endpoints of that network and cluster: those of (network, cluster), else of the network. IP addresses only when `resolved`. */
  gatewaysFor(network: string, cluster: string, resolved: boolean): readonly NetworkGateway[];
  /** `multiNetwork` and `scale` of all gateways, those that are host names included. */
  readonly unresolved: { readonly multiNetwork: boolean; readonly scale: number };
  readonly all: readonly NetworkGateway[];
  /** Ranges of addresses that MeshNetworks count to networks, as they are written; the same list for the same ones. */
  readonly ranges: readonly string[];
}

/** DestinationRules of one host that were merged into one (Istio reference 4.5). */
export interface MergedDestinationRule {
  /** Name and namespace of the first rule; it is what metadata names. */
  readonly name: string;
  readonly namespace: string;
  readonly host: string;
  readonly trafficPolicy?: TrafficPolicy;
  readonly subsets: readonly Subset[];
  readonly exportTo: readonly string[];
  readonly workloadSelector?: Labels;
  /** All rules that were merged, the first one first. */
  readonly from: readonly ConfigObject<'DestinationRule'>[];
}

export interface DestinationRuleIndex {
  /** Every rule, in any order. */
  readonly all: readonly ConfigObject<'DestinationRule'>[];
  /** The rule for a service as clients with these labels in this namespace see it (Istio reference 4.6). Same object as long as nothing changed. */
  forOutbound(
    service: Pick<Service, 'hostname' | 'attributes'>,
    proxyNamespace: string,
    proxyLabels: Labels,
  ): MergedDestinationRule | undefined;
  /** The rule that a server of this service applies to what it receives: only rules without a workload selector. */
  forInbound(
    service: Pick<Service, 'hostname' | 'attributes'>,
    proxyNamespace: string,
  ): MergedDestinationRule | undefined;
  /** Where rules for a service were looked for, in order, with what was found there: why `forOutbound` says what it says. */
  places(service: Pick<Service, 'hostname' | 'attributes'>, proxyNamespace: string): readonly RulePlace[];
}

/** Whose rules: those of the client's namespace, of the service's namespace, or of the root namespace. */
export type RuleOwner = 'client' | 'service' | 'root';

/** A place where rules for a service are looked for. The first one that has some counts. */
export interface RulePlace {
  readonly owner: RuleOwner;
  readonly namespace: string;
  /** Merged rules of the most specific host, exported to the client or not; empty when none is for the service. */
  readonly found: readonly MergedDestinationRule[];
  /** Those of them that are exported to the client. */
  readonly exported: readonly MergedDestinationRule[];
}

export interface VirtualServiceIndex {
  /** With delegates merged into their roots, short names completed, sorted by age, name, namespace (Istio reference 4.4). */
  readonly all: readonly ConfigObject<'VirtualService'>[];
  /** Those for a gateway (`mesh`, or `namespace/name`) that proxies of a namespace may see: private, exported to it, public. */
  visibleTo(namespace: string, gateway: string): readonly ConfigObject<'VirtualService'>[];
}

export interface SidecarIndex {
  /** The scope of a proxy (Istio reference 4.3); shared by proxies for which it is the same, and by snapshots in which nothing of it changed. */
  scopeFor(proxy: Proxy, labels: Labels): SidecarScope;
}

/** One egress listener of a scope with what it imports. */
export interface EgressScope {
  readonly hosts: readonly string[];
  /** Absent for the listener of all ports. */
  readonly port?: number;
  readonly services: readonly Service[];
  readonly virtualServices: readonly ConfigObject<'VirtualService'>[];
}

/** What a proxy can see (Istio reference 4.3). */
export interface SidecarScope {
  readonly namespace: string;
  readonly sidecar?: ConfigObject<'Sidecar'>;
  readonly egress: readonly EgressScope[];
  /** Union over the egress listeners in Istio's order, ports merged, services that VirtualServices add included: what clusters are made of. */
  readonly services: readonly Service[];
  service(hostname: string): Service | undefined;
  readonly outboundTrafficPolicy: OutboundTrafficPolicy;
}

/** Mutual TLS that servers ask for (Istio reference 4.10). */
export interface PeerAuthenticationIndex {
  /** The mode of a namespace for clients' decisions: its own policy, else the root's, else PERMISSIVE; workload and port policies are ignored. */
  namespaceMode(namespace: string): MutualTlsMode;
  /** The composed mode for a workload's port. */
  workloadMode(namespace: string, labels: Labels, port: number): MutualTlsMode;
  /** Ports of a workload that a policy names, in the order of their numbers. */
  workloadPorts(namespace: string, labels: Labels): readonly number[];
  /** Changes whenever any policy does. */
  readonly version: string;
}

/** A mode, and the policy that gave it; none for the default. */
export interface MutualTlsDecision {
  readonly mode: MutualTlsMode;
  readonly policy?: ConfigObject<'PeerAuthentication'>;
  /** Whether the policy's settings for the port gave it. */
  readonly portLevel: boolean;
}

/** Which policies give the modes of `PeerAuthenticationIndex`. */
export interface PeerAuthenticationDecisions {
  /** What `namespaceMode` answers from. */
  namespaceDecision(namespace: string): MutualTlsDecision;
  /** What `workloadMode` answers from. */
  workloadDecision(namespace: string, labels: Labels, port: number): MutualTlsDecision;
}

/** One proxy in one snapshot: everything that translation may look at. */
export interface ProxyContext {
  readonly proxy: Proxy;
  readonly snapshot: Snapshot;
  /** Workload labels from the registry over static ones, or those of the metadata; augmented (Istio reference 8.2). */
  readonly labels: Labels;
  readonly locality: Locality;
  readonly families: IpFamilies;
  readonly scope: SidecarScope;
  /** Sorted by service creation time, then host name (Istio reference 2.10). */
  readonly serviceTargets: readonly ServiceTarget[];
  /** For routers: the Gateways whose selector fits this proxy. */
  readonly gateways: readonly ConfigObject<'Gateway'>[];
  /** Whether mutual TLS is chosen automatically for this proxy: the mesh's setting, and never for a plain proxy without SDS. */
  readonly autoMtls: boolean;
}
