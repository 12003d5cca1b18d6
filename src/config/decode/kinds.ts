/** Which kinds there are: those that are read with their decoders, and those that are known and not read. */
import type { Kind } from '../object.js';
import type { KindSpecs } from '../kinds/index.js';
import type { Decoder } from './decoder.js';
import { suggestion } from './describe.js';
import { authorizationPolicy } from './kinds/authorization-policy.js';
import { destinationRule } from './kinds/destination-rule.js';
import { endpointSlice } from './kinds/endpoint-slice.js';
import { envoyFilter } from './kinds/envoy-filter.js';
import { gateway } from './kinds/gateway.js';
import { namespace, node } from './kinds/node.js';
import { peerAuthentication } from './kinds/peer-authentication.js';
import { pod } from './kinds/pod.js';
import { requestAuthentication } from './kinds/request-authentication.js';
import { serviceEntry } from './kinds/service-entry.js';
import { configMap, secret } from './kinds/secret.js';
import { service } from './kinds/service.js';
import { sidecar } from './kinds/sidecar.js';
import { telemetry } from './kinds/telemetry.js';
import { virtualService } from './kinds/virtual-service.js';
import { workloadEntryObject } from './kinds/workload-entry.js';
import { workloadGroup } from './kinds/workload-group.js';
import type { MetadataRules } from './metadata.js';

/**
 * The creation time of an Istio object that has no creationTimestamp: the last second that RFC 3339 can write.
 * Istiod takes the time at which it saw the object, which is later than that of any object with a timestamp; a
 * clock would make orders depend on when a directory was read, so the latest time there is stands in for it.
 */
export const undatedIstioTime = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000;

/** A kind that is read. */
export interface KindDefinition<K extends Kind = Kind> extends MetadataRules {
  readonly kind: K;
  /** Decodes everything of a document but its metadata. */
  readonly spec: Decoder<KindSpecs[K]>;
}

/** What is known of a document's apiVersion and kind. */
export type KindLookup =
  | { readonly type: 'read'; readonly definition: AnyKindDefinition }
  /** A filter of the user's own that Pilotlight does not serve; it may be what a policy is enforced by. */
  | { readonly type: 'not-enforced' }
  /** A kind that does not matter here; `name` is as kubectl writes it, such as `Deployment.apps`. */
  | { readonly type: 'unused'; readonly name: string }
  /** A kind or version that does not exist. */
  | { readonly type: 'wrong'; readonly field: 'apiVersion' | 'kind'; readonly message: string };

type AnyKindDefinition = { [K in Kind]: KindDefinition<K> }[Kind];

interface Group {
  readonly versions: readonly string[];
  readonly read: readonly AnyKindDefinition[];
  readonly notEnforced: readonly string[];
  /** All other kinds of the group, so that a misspelt kind is told from one that does not matter. */
  readonly unused: readonly string[];
}

function istioKind<K extends Kind>(kind: K, spec: Decoder<KindSpecs[K]>): KindDefinition<K> {
  return { kind, spec, namespaced: true, defaultCreationTime: undatedIstioTime };
}

function kubernetesKind<K extends Kind>(
  kind: K,
  spec: Decoder<KindSpecs[K]>,
  namespaced = true,
): KindDefinition<K> {
  return { kind, spec, namespaced, defaultCreationTime: 0 };
}

const groups: ReadonlyMap<string, Group> = new Map<string, Group>([
  [
    '',
    {
      versions: ['v1'],
      read: [
        kubernetesKind('Service', service),
        kubernetesKind('Pod', pod),
        kubernetesKind('Node', node, false),
        kubernetesKind('Namespace', namespace, false),
        kubernetesKind('Secret', secret),
        kubernetesKind('ConfigMap', configMap),
      ],
      notEnforced: [],
      unused: [
        'Binding',
        'ComponentStatus',
        'Endpoints',
        'Event',
        'LimitRange',
        'PersistentVolume',
        'PersistentVolumeClaim',
        'PodTemplate',
        'ReplicationController',
        'ResourceQuota',
        'ServiceAccount',
      ],
    },
  ],
  [
    'discovery.k8s.io',
    {
      versions: ['v1', 'v1beta1'],
      read: [kubernetesKind('EndpointSlice', endpointSlice)],
      notEnforced: [],
      unused: [],
    },
  ],
  [
    'networking.istio.io',
    {
      versions: ['v1', 'v1beta1', 'v1alpha3'],
      read: [
        istioKind('ServiceEntry', serviceEntry),
        istioKind('WorkloadEntry', workloadEntryObject),
        istioKind('DestinationRule', destinationRule),
        istioKind('VirtualService', virtualService),
        istioKind('Sidecar', sidecar),
        istioKind('Gateway', gateway),
        istioKind('EnvoyFilter', envoyFilter),
        istioKind('WorkloadGroup', workloadGroup),
      ],
      notEnforced: [],
      unused: ['ProxyConfig'],
    },
  ],
  [
    'security.istio.io',
    {
      versions: ['v1', 'v1beta1'],
      read: [
        istioKind('PeerAuthentication', peerAuthentication),
        istioKind('AuthorizationPolicy', authorizationPolicy),
        istioKind('RequestAuthentication', requestAuthentication),
      ],
      notEnforced: [],
      unused: [],
    },
  ],
  [
    'telemetry.istio.io',
    {
      versions: ['v1', 'v1alpha1'],
      read: [istioKind('Telemetry', telemetry)],
      notEnforced: [],
      unused: [],
    },
  ],
  [
    'extensions.istio.io',
    { versions: ['v1', 'v1alpha1'], read: [], notEnforced: ['WasmPlugin', 'TrafficExtension'], unused: [] },
  ],
]);

/** Says what a document is by its apiVersion and kind; kinds of one name differ by their API group. */
export function lookUpKind(apiVersion: string, kind: string): KindLookup {
  const slash = apiVersion.indexOf('/');
  const groupName = slash < 0 ? '' : apiVersion.slice(0, slash);
  const version = apiVersion.slice(slash + 1);
  const group = groups.get(groupName);
  if (group === undefined) return { type: 'unused', name: `${kind}.${groupName}` };
  if (!group.versions.includes(version)) {
    const versions = group.versions.map((known) => (groupName === '' ? known : `${groupName}/${known}`));
    return {
      type: 'wrong',
      field: 'apiVersion',
      message: `"${apiVersion}" does not exist; ${kind} is of ${versions.join(', ')}`,
    };
  }
  const definition = group.read.find((candidate) => candidate.kind === kind);
  if (definition !== undefined) return { type: 'read', definition };
  if (group.notEnforced.includes(kind)) return { type: 'not-enforced' };
  if (group.unused.includes(kind))
    return { type: 'unused', name: groupName === '' ? kind : `${kind}.${groupName}` };
  const known = [...group.read.map((candidate) => candidate.kind), ...group.notEnforced, ...group.unused];
  return {
    type: 'wrong',
    field: 'kind',
    message: `${apiVersion} has no kind "${kind}"${suggestion(kind, known)}`,
  };
}
