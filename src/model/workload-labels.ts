/** Labels of workloads that Istio reads a meaning from or adds (Istio reference 2.6 to 2.8). */
import type { Labels } from './labels.js';
import { localityFromLabel, parseLocality } from './locality.js';

/** Network of a workload, and of a cluster as a label of its root namespace. */
export const networkLabel = 'topology.istio.io/network';
/** Cluster of a workload. */
const clusterLabel = 'topology.istio.io/cluster';
/** Node of a workload. */
export const hostnameLabel = 'kubernetes.io/hostname';
/** Region of a workload or node. */
export const regionLabel = 'topology.kubernetes.io/region';
/** Zone of a workload or node. */
export const zoneLabel = 'topology.kubernetes.io/zone';
/** Subzone of a workload or node. */
export const subzoneLabel = 'topology.istio.io/subzone';
/** How a workload wants to be spoken to. */
export const tlsModeLabel = 'security.istio.io/tlsMode';
/** The name of a workload, where it is not that of its object. */
export const workloadNameLabel = 'service.istio.io/workload-name';
/** Which tunnels a workload takes, separated by commas. */
const tunnelLabel = 'networking.istio.io/tunnel';

const localityLabels = ['topology.istio.io/locality', 'istio-locality'] as const;

/** What a workload's labels are augmented with. */
export interface WorkloadPlace {
  /** Cluster id; empty adds nothing. */
  readonly cluster: string;
  /** `region/zone/subzone`; empty parts add nothing. */
  readonly locality: string;
  /** Node; empty adds nothing. */
  readonly nodeName: string;
  /** Network; does not replace one that the labels already name. */
  readonly network: string;
}

/** Labels with those of the place where the workload runs added (Istio reference 2.8). */
export function augmentLabels(labels: Labels, place: WorkloadPlace): Labels {
  const augmented: Record<string, string> = { ...labels };
  const { region, zone, subZone } = parseLocality(place.locality);
  if (region !== '') augmented[regionLabel] = region;
  if (zone !== '') augmented[zoneLabel] = zone;
  if (subZone !== '') augmented[subzoneLabel] = subZone;
  if (place.cluster !== '') augmented[clusterLabel] = place.cluster;
  if (place.nodeName !== '') augmented[hostnameLabel] = place.nodeName;
  if (place.network !== '' && (augmented[networkLabel] ?? '') === '') augmented[networkLabel] = place.network;
  return augmented;
}

/** The locality that a workload's own labels name, as `region/zone/subzone`; empty when they name none. */
export function localityOfLabels(labels: Labels): string {
  for (const name of localityLabels) {
    const value = labels[name];
    if (value !== undefined) return localityFromLabel(value);
  }
  return '';
}

/** Whether the labels of a workload say that it takes tunnels (HBONE, Istio reference 6.3). */
export function takesTunnels(labels: Labels): boolean {
  return labels[tunnelLabel]?.split(',').includes('http') === true;
}
