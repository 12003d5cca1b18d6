/** Every kind that Pilotlight reads, with the type of what it holds. */
import type { EnvoyFilter } from './envoy-filter.js';
import type {
  ConfigMap,
  EndpointSlice,
  KubernetesService,
  Namespace,
  Node,
  Pod,
  Secret,
} from './kubernetes.js';
import type {
  Gateway,
  PeerAuthentication,
  ServiceEntry,
  Sidecar,
  WorkloadEntryObject,
} from './networking.js';
import type { AuthorizationPolicy, RequestAuthentication } from './security.js';
import type { Telemetry } from './telemetry.js';
import type { DestinationRule } from './traffic-policy.js';
import type { VirtualService } from './virtual-service.js';
import type { WorkloadGroup } from './workload-group.js';

/** Kinds of the Kubernetes API itself. */
export interface KubernetesKindSpecs {
  Service: KubernetesService;
  EndpointSlice: EndpointSlice;
  Pod: Pod;
  Node: Node;
  Namespace: Namespace;
  Secret: Secret;
  ConfigMap: ConfigMap;
}

/** Kinds of networking.istio.io, security.istio.io and telemetry.istio.io. */
export interface IstioKindSpecs {
  ServiceEntry: ServiceEntry;
  WorkloadEntry: WorkloadEntryObject;
  DestinationRule: DestinationRule;
  VirtualService: VirtualService;
  Sidecar: Sidecar;
  Gateway: Gateway;
  PeerAuthentication: PeerAuthentication;
  AuthorizationPolicy: AuthorizationPolicy;
  RequestAuthentication: RequestAuthentication;
  Telemetry: Telemetry;
  EnvoyFilter: EnvoyFilter;
  WorkloadGroup: WorkloadGroup;
}

export interface KindSpecs extends KubernetesKindSpecs, IstioKindSpecs {}
