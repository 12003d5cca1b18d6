/** Which workload a proxy runs beside, and what labels it has by that (Istio reference 2.10, 8.2). */
import type { Labels } from '../model/labels.js';
import type { Locality } from '../model/locality.js';
import { formatLocality, parseLocality } from '../model/locality.js';
import type { Proxy } from '../model/proxy.js';
import type { Provenance } from '../model/service.js';
import type { Workload } from '../model/workload.js';
import { workloadKey } from '../model/workload.js';
import {
  augmentLabels,
  localityOfLabels,
  regionLabel,
  subzoneLabel,
  zoneLabel,
} from '../model/workload-labels.js';
import { hostsOf } from './aggregate.js';
import type { Instance } from './instance-index.js';
import { instancesAt } from './instances.js';
import type { RegistryHosts } from './registry-hosts.js';
import { isEntryForKubernetes } from './selection.js';
import type { AggregateView, RegistryView } from './view.js';
import { workloadsAt } from './workload-index.js';

/**
 * Labels of the workload beside a proxy, from the first registry of the proxy's cluster that knows it; any cluster's
 * if the proxy names none. Undefined when no registry does (Istio reference 1.6).
 */
export function workloadLabels(view: AggregateView, proxy: Proxy): Labels | undefined {
  return knownWorkload(view, proxy)?.labels;
}

/** What a registry knows of the workload beside a proxy. */
export interface KnownWorkload {
  readonly labels: Labels;
  /** Where the Pod or the endpoint was read from. */
  readonly provenance: Provenance;
}

/** The workload beside a proxy, whose labels `workloadLabels` gives. */
export function knownWorkload(view: AggregateView, proxy: Proxy): KnownWorkload | undefined {
  for (const hosts of hostsOf(view)) {
    const { registry } = hosts;
    if (proxy.clusterId !== '' && proxy.clusterId !== registry.cluster) continue;
    const known =
      registry.provider === 'Kubernetes' ? knownPod(registry, proxy) : knownInstance(hosts, proxy);
    if (known !== undefined) return known;
  }
  return undefined;
}

/**
 * All labels of a proxy: those of its workload over its static ones, or, when the workload is not known, those of its
 * metadata; with those of its place added (Istio reference 8.2).
 */
export function proxyLabels(view: AggregateView, proxy: Proxy): Labels {
  const ofWorkload = workloadLabels(view, proxy);
  const labels = ofWorkload === undefined ? proxy.labels : { ...proxy.staticLabels, ...ofWorkload };
  return augmentLabels(labels, {
    cluster: proxy.clusterId,
    locality: formatLocality(proxyLocality(labels, proxy)),
    nodeName: proxy.nodeName,
    network: proxy.network,
  });
}

/** Where a proxy is: by the topology labels among its labels, else by its locality label, else as its node says. */
export function proxyLocality(labels: Labels, proxy: Pick<Proxy, 'locality'>): Locality {
  return localityChoice(labels, proxy).locality;
}

/** What says where a proxy is. */
export type LocalitySource = 'topology-labels' | 'locality-label' | 'node';

/** Where a proxy is, and what says so. */
export function localityChoice(
  labels: Labels,
  proxy: Pick<Proxy, 'locality'>,
): { readonly locality: Locality; readonly by: LocalitySource } {
  const { [regionLabel]: region, [zoneLabel]: zone, [subzoneLabel]: subZone } = labels;
  if (region !== undefined || zone !== undefined || subZone !== undefined) {
    const locality = { region: region ?? '', zone: zone ?? '', subZone: subZone ?? '' };
    return { locality, by: 'topology-labels' };
  }
  const named = localityOfLabels(labels);
  return named === ''
    ? { locality: proxy.locality, by: 'node' }
    : { locality: parseLocality(named), by: 'locality-label' };
}

/** The namespace in a proxy's metadata, which says nothing when it is empty. */
export function metadataNamespace({ metadata }: Proxy): string {
  const namespace = metadata['NAMESPACE'];
  return typeof namespace === 'string' ? namespace : '';
}

/** The pod of a proxy in a Kubernetes registry: by the proxy's name, `<pod>.<namespace>`, if its metadata agrees. */
export function podOfProxy({ workloads }: RegistryView, proxy: Proxy): Workload | undefined {
  const dot = proxy.name.indexOf('.');
  if (dot <= 0) return undefined;
  const namespace = proxy.name.slice(dot + 1);
  if (namespace !== metadataNamespace(proxy)) return undefined;
  return workloads.get(workloadKey({ kind: 'Pod', namespace, name: proxy.name.slice(0, dot) }));
}

/**
 * The WorkloadEntry that a Kubernetes registry takes for a proxy's: of those of its cluster with the proxy's first
 * address the one with the proxy's name, else the first in its namespace, else the first by namespace and name. Its
 * namespace counts only to choose among several (Istio reference 2.10).
 */
export function entryOfProxy(
  view: AggregateView,
  { cluster }: RegistryView,
  proxy: Proxy,
): Workload | undefined {
  const [address] = proxy.ipAddresses;
  if (address === undefined) return undefined;
  const entries = workloadsAt(view.registries, 'WorkloadEntry', address).filter(
    (workload) => workload.ready && isEntryForKubernetes(workload, cluster),
  );
  const named = entries.find(
    ({ namespace, name }) => proxy.name === `${name}.${namespace}` && namespace === proxy.namespace,
  );
  return named ?? entries.find(({ namespace }) => namespace === proxy.namespace) ?? entries[0];
}

/** The endpoints of a registry that are at one of a proxy's addresses, in services of its metadata's namespace, if that names one. */
export function instancesOfProxy(hosts: RegistryHosts, proxy: Proxy): readonly Instance[] {
  const namespace = metadataNamespace(proxy);
  return proxy.ipAddresses
    .flatMap((address) => instancesAt(hosts, address))
    .filter(({ service }) => namespace === '' || service.attributes.namespace === namespace);
}

function knownPod(registry: RegistryView, proxy: Proxy): KnownWorkload | undefined {
  const pod = podOfProxy(registry, proxy);
  if (pod === undefined) return undefined;
  const { locality, network, provenance } = pod;
  const { cluster } = registry;
  const labels = augmentLabels(pod.labels, { cluster, locality, nodeName: proxy.nodeName, network });
  return { labels, provenance };
}

function knownInstance(hosts: RegistryHosts, proxy: Proxy): KnownWorkload | undefined {
  return instancesOfProxy(hosts, proxy)[0]?.endpoint;
}
