/** A service as every registry describes it (Istio reference 1.3). Plain readonly data. */
import type { Labels } from './labels.js';
import type { Protocol } from './protocol.js';

/** Which kind of registry a value comes from; text for registries that are not Istio's (Istio reference 1.2). */
export type Provider = 'Kubernetes' | 'External' | 'Mock' | (string & {});

/** How a client finds the endpoints of a service. */
export type Resolution =
  'ClientSideLB' | 'DNSLB' | 'Passthrough' | 'DNSRoundRobinLB' | 'Alias' | 'DynamicDNS';

/** Kubernetes traffic distribution (Istio reference 2.3). */
export type TrafficDistribution = 'any' | 'prefer-same-zone' | 'prefer-same-node';

export interface ServicePort {
  readonly name: string;
  readonly port: number;
  readonly protocol: Protocol;
  /**
   * Where the traffic of this port goes on a workload: a number, or the name of a container's or entry's port.
   * Absent: the same number. Not part of what is served to clients; used for inbound and for workload selection.
   */
  readonly targetPort?: number | string;
  /** Transport of a Kubernetes Service's port that is neither TCP nor, as its protocol says then, UDP. */
  readonly transport?: string;
}

/** Another host that stands for this service (an ExternalName Service). */
export interface ServiceAlias {
  readonly hostname: string;
  readonly namespace: string;
}

export interface ServiceAttributes {
  /** The object's own name for Kubernetes, the host for a ServiceEntry. */
  readonly name: string;
  readonly namespace: string;
  readonly provider: Provider;
  /** The name of the object that the service was read from. */
  readonly objectName: string;
  readonly labels: Labels;
  /** exportTo as declared; empty means the mesh's default. */
  readonly exportTo: readonly string[];
  /** Labels of the workloads that the service selects; absent when it selects none. */
  readonly labelSelectors?: Labels;
  /** External addresses (load balancer, externalIPs) by cluster. */
  readonly clusterExternalAddresses?: Readonly<Record<string, readonly string[]>>;
  /** Service port to node port, by cluster. */
  readonly clusterExternalPorts?: Readonly<Record<string, Readonly<Record<number, number>>>>;
  /** Port number to the port of the original address that traffic goes to, for resolution NONE. */
  readonly passthroughTargetPorts?: Readonly<Record<number, number>>;
  /** Kubernetes Service type. */
  readonly type?: string;
  readonly externalName?: string;
  /** internalTrafficPolicy is Local. */
  readonly nodeLocal?: boolean;
  readonly trafficDistribution?: TrafficDistribution;
  /** The connect-strategy annotation asks for racing TCP connects. */
  readonly raceFirstTcpConnect?: boolean;
  readonly publishNotReadyAddresses?: boolean;
  /** Hosts that stand for this service; filled in when the mesh is put together (Istio reference 4.2). */
  readonly aliases?: readonly ServiceAlias[];
}

/** Where a value was read from, for people: a file and line, an object, a registry's path. */
export interface Provenance {
  /** The registry, as `provider/cluster`. */
  readonly registry: string;
  /** For example `Service media/frames`, or a Consul service's id. */
  readonly object?: string;
  /** For example `services.yaml:12`. */
  readonly location?: string;
  /** The value is the last known one of a source that cannot be read at present. */
  readonly stale?: boolean;
}

export interface Service {
  readonly hostname: string;
  readonly ports: readonly ServicePort[];
  /** SPIFFE URIs or other names declared on the service itself. */
  readonly serviceAccounts: readonly string[];
  /** Seconds since the epoch; 0 when the object has none. */
  readonly creationTime: number;
  /** Addresses by cluster id; empty for a ServiceEntry. */
  readonly clusterVIPs: Readonly<Record<string, readonly string[]>>;
  /** The first address, or `0.0.0.0`; may be a CIDR for a ServiceEntry. */
  readonly defaultAddress: string;
  readonly autoAllocatedIPv4?: string;
  readonly autoAllocatedIPv6?: string;
  readonly resolution: Resolution;
  readonly meshExternal: boolean;
  readonly resourceVersion: string;
  /**
   * Position among the services that one object gives (each host and address of a ServiceEntry); breaks ties of
   * age and name so that orders do not depend on the order of events.
   */
  readonly sequence: number;
  readonly attributes: ServiceAttributes;
  readonly provenance: Provenance;
}

/** Identity of one service value in a registry: `namespace/object/hostname/defaultAddress` (Istio reference 1.3). */
export function serviceResourceName(service: Service): string {
  const { namespace, objectName } = service.attributes;
  return `${namespace}/${objectName}/${service.hostname}/${service.defaultAddress}`;
}

/** `namespace/hostname`. */
export function serviceKey(hostname: string, namespace: string): string {
  return `${namespace}/${hostname}`;
}

/** Istio prefers Kubernetes over every other registry in several places. */
export function isKubernetesService(service: Pick<Service, 'attributes'>): boolean {
  return service.attributes.provider === 'Kubernetes';
}

/** The first port of that number that is not UDP (Istio reference 1.3). */
export function portByNumber(service: Service, port: number): ServicePort | undefined {
  return service.ports.find((candidate) => candidate.port === port && candidate.protocol !== 'UDP');
}
