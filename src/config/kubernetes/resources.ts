/** Where the API serves the kinds that Pilotlight reads. */
import type { Kind } from '../object.js';

/** Kinds that are read as a whole. Secrets and ConfigMaps are read by name, and only those that somebody asks for. */
export type WatchedKind = Exclude<Kind, 'Secret' | 'ConfigMap'>;

/** A kind as a resource of the API. */
export interface ApiResource {
  readonly kind: WatchedKind;
  /** Empty for the core of the API. */
  readonly group: string;
  /** The kind's name in paths. */
  readonly plural: string;
  /** Versions that can be read, best first. */
  readonly versions: readonly string[];
  /** Every API server serves it; others serve it once it has been defined. */
  readonly builtIn: boolean;
}

const core = { group: '', versions: ['v1'], builtIn: true };
const discovery = { group: 'discovery.k8s.io', versions: ['v1', 'v1beta1'], builtIn: true };
const networking = {
  group: 'networking.istio.io',
  versions: ['v1', 'v1beta1', 'v1alpha3'],
  builtIn: false,
};
const telemetry = { group: 'telemetry.istio.io', versions: ['v1', 'v1alpha1'], builtIn: false };
const security = { group: 'security.istio.io', versions: ['v1', 'v1beta1'], builtIn: false };

/** Every resource that is read, each for one kind. */
export const apiResources: readonly ApiResource[] = [
  { kind: 'Namespace', plural: 'namespaces', ...core },
  { kind: 'Node', plural: 'nodes', ...core },
  { kind: 'Service', plural: 'services', ...core },
  { kind: 'Pod', plural: 'pods', ...core },
  { kind: 'EndpointSlice', plural: 'endpointslices', ...discovery },
  { kind: 'ServiceEntry', plural: 'serviceentries', ...networking },
  { kind: 'WorkloadEntry', plural: 'workloadentries', ...networking },
  { kind: 'DestinationRule', plural: 'destinationrules', ...networking },
  { kind: 'VirtualService', plural: 'virtualservices', ...networking },
  { kind: 'Sidecar', plural: 'sidecars', ...networking },
  { kind: 'Gateway', plural: 'gateways', ...networking },
  { kind: 'EnvoyFilter', plural: 'envoyfilters', ...networking },
  { kind: 'WorkloadGroup', plural: 'workloadgroups', ...networking },
  { kind: 'PeerAuthentication', plural: 'peerauthentications', ...security },
  { kind: 'AuthorizationPolicy', plural: 'authorizationpolicies', ...security },
  { kind: 'RequestAuthentication', plural: 'requestauthentications', ...security },
  { kind: 'Telemetry', plural: 'telemetries', ...telemetry },
];

/** Kinds that Istio reads of a remote cluster (Istio reference 2.12). */
export const remoteClusterKinds: ReadonlySet<Kind> = new Set<Kind>([
  'Namespace',
  'Node',
  'Service',
  'Pod',
  'EndpointSlice',
  'WorkloadEntry',
]);

/** The apiVersion of a resource's objects. @param version one of its versions. */
export function apiVersionOf({ group }: ApiResource, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

/** The path of a resource in all namespaces. @param version one of its versions. */
export function resourcePath(resource: ApiResource, version: string): string {
  const root = resource.group === '' ? '/api' : '/apis';
  return `${root}/${apiVersionOf(resource, version)}/${resource.plural}`;
}
