/** Pods: what their endpoints carry, and pods as workloads (Istio reference 2.5 to 2.9). */
import type { ContainerPort, Pod } from '../../config/kinds/kubernetes.js';
import type { ConfigObject } from '../../config/object.js';
import { noLabels, type Labels } from '../../model/labels.js';
import { spiffeUri } from '../../model/spiffe.js';
import type { Workload } from '../../model/workload.js';
import { augmentLabels, networkLabel, tlsModeLabel } from '../../model/workload-labels.js';
import type { NetworkLookup } from '../objects/network-lookup.js';
import { provenanceOf } from '../objects/provenance.js';
import { podLocality } from './locality.js';
import { workloadName } from './workload-name.js';

/** What all endpoints of one pod have in common. */
export interface EndpointIdentity {
  /** Labels with those of the place added; the network's is there even when it is empty. */
  readonly labels: Labels;
  readonly serviceAccount: string;
  readonly network: string;
  readonly locality: string;
  readonly tlsMode: string;
  readonly namespace: string;
  readonly workloadName: string;
  readonly hostName?: string;
  readonly subDomain?: string;
  readonly nodeName?: string;
}

/** What the identity of an endpoint depends on beside its pod. */
export interface IdentitySettings {
  readonly cluster: string;
  readonly trustDomain: string;
  readonly networks: NetworkLookup;
  /** Labels of the pod's node; undefined when the node is not known. */
  readonly nodeLabels: Labels | undefined;
}

/** What the endpoints of a pod have in common. */
export function podIdentity(
  { metadata, spec }: ConfigObject<'Pod'>,
  settings: IdentitySettings,
): EndpointIdentity {
  const locality = podLocality(metadata.labels, settings.nodeLabels);
  const network = settings.networks.networkOf(spec.podIP, metadata.labels);
  const place = { cluster: settings.cluster, locality, nodeName: spec.nodeName, network };
  return {
    labels: withNetwork(augmentLabels(metadata.labels, place), network),
    serviceAccount: spiffeUri(settings.trustDomain, metadata.namespace, spec.serviceAccountName),
    network,
    locality,
    tlsMode: metadata.labels[tlsModeLabel] ?? 'disabled',
    namespace: metadata.namespace,
    workloadName: workloadName(metadata),
    ...(spec.subdomain === '' ? {} : { hostName: spec.hostname || metadata.name, subDomain: spec.subdomain }),
    ...(spec.nodeName === '' ? {} : { nodeName: spec.nodeName }),
  };
}

/** A pod's identity at one of its addresses: when the first address told no network, this one may (Istio reference 2.5). */
export function identityAt(
  identity: EndpointIdentity,
  address: string,
  networks: NetworkLookup,
): EndpointIdentity {
  const network = identity.network || networks.networkOf(address, noLabels);
  return network === identity.network
    ? identity
    : { ...identity, network, labels: { ...identity.labels, [networkLabel]: network } };
}

/** What an endpoint is that belongs to no known pod: an address in a cluster and, perhaps, a network. */
export function addressIdentity(
  address: string,
  settings: Pick<IdentitySettings, 'cluster' | 'networks'>,
): EndpointIdentity {
  const network = settings.networks.networkOf(address, {});
  const place = { cluster: settings.cluster, locality: '', nodeName: '', network };
  return {
    labels: withNetwork(augmentLabels({}, place), network),
    serviceAccount: '',
    network,
    locality: '',
    tlsMode: 'disabled',
    namespace: '',
    workloadName: '',
  };
}

function withNetwork(labels: Labels, network: string): Labels {
  return labels[networkLabel] === undefined ? { ...labels, [networkLabel]: network } : labels;
}

/** Whether Kubernetes still runs a pod; a pod that failed is as good as gone. */
export function isKnownPod({ spec }: ConfigObject<'Pod'>): boolean {
  return spec.phase !== 'Failed';
}

/** Whether a pod can be found by its address and be selected by a ServiceEntry (Istio reference 2.9). */
export function isReadyPod({ metadata, spec }: ConfigObject<'Pod'>): boolean {
  const terminal = spec.phase === 'Failed' || spec.phase === 'Succeeded';
  return spec.ready && spec.podIP !== '' && !terminal && metadata.deletionTime === undefined;
}

/** A pod as a workload that services of any registry may select. */
export function convertPod(
  object: ConfigObject<'Pod'>,
  identity: EndpointIdentity,
  cluster: string,
): Workload {
  const { metadata, spec } = object;
  const { labels: endpointLabels, ...common } = identity;
  const containerPorts = servingPorts(spec);
  return {
    ...common,
    kind: 'Pod',
    name: metadata.name,
    cluster,
    addresses: spec.podIP === '' ? [] : [spec.podIP],
    labels: metadata.labels,
    endpointLabels,
    ports: portsByName(containerPorts),
    containerPorts: containerPorts.map(({ name, containerPort, protocol }) => ({
      name,
      port: containerPort,
      protocol,
    })),
    weight: 0,
    ready: isReadyPod(object),
    dnsServiceEntryOnly: false,
    provenance: provenanceOf(`Kubernetes/${cluster}`, object),
  };
}

/** Ports of containers, then of init containers that go on running beside them. */
function servingPorts(spec: Pod): readonly ContainerPort[] {
  const sidecars = spec.initContainers.filter((container) => container.restartPolicy === 'Always');
  return [...spec.containers, ...sidecars].flatMap((container) => container.ports);
}

function portsByName(ports: readonly ContainerPort[]): Readonly<Record<string, number>> {
  const byName = new Map<string, number>();
  for (const { name, containerPort, protocol } of ports) {
    if (name !== '' && protocol === 'TCP' && !byName.has(name)) byName.set(name, containerPort);
  }
  return Object.fromEntries(byName);
}
