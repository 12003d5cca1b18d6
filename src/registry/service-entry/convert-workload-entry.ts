/** WorkloadEntries, those in the endpoints of a ServiceEntry too, as workloads (Istio reference 3.3). */
import { isIP } from 'node:net';
import type { WorkloadEntry } from '../../config/kinds/networking.js';
import type { ConfigObject, ObjectMeta } from '../../config/object.js';
import type { Labels } from '../../model/labels.js';
import { spiffeUri } from '../../model/spiffe.js';
import type { Workload } from '../../model/workload.js';
import {
  augmentLabels,
  localityOfLabels,
  tlsModeLabel,
  workloadNameLabel,
} from '../../model/workload-labels.js';
import type { NetworkLookup } from '../objects/network-lookup.js';
import { provenanceOf } from '../objects/provenance.js';

const healthCheckAnnotation = 'proxy.istio.io/health-checks-enabled';
const autoRegistrationGroupAnnotation = 'istio.io/autoRegistrationGroup';

/** What a WorkloadEntry's conversion depends on beside the object. */
export interface WorkloadEntrySettings {
  readonly cluster: string;
  readonly trustDomain: string;
  /** Networks of a remote cluster's addresses. Istio looks up none for the entries of the primary cluster. */
  readonly networks?: NetworkLookup;
}

/** Converts a WorkloadEntry object. One that fails its health check is a workload that is not ready. */
export function convertWorkloadEntry(
  object: ConfigObject<'WorkloadEntry'>,
  settings: WorkloadEntrySettings,
): Workload {
  const { metadata, spec } = object;
  const entry = { ...spec, labels: { ...spec.labels, ...metadata.labels } };
  return {
    ...describeEntry(entry, metadata.namespace, settings),
    name: metadata.name,
    workloadName: entryWorkloadName(metadata),
    ready: isHealthy(object),
    provenance: provenanceOf(`External/${settings.cluster}`, object),
  };
}

/** Converts `endpoints[index]` of a ServiceEntry, which counts as a WorkloadEntry called after the entry and index. */
export function convertInlineEndpoint(
  object: ConfigObject<'ServiceEntry'>,
  endpoint: WorkloadEntry,
  index: number,
  settings: WorkloadEntrySettings,
): Workload {
  const name = `${object.metadata.name}-${index}`;
  return {
    ...describeEntry(endpoint, object.metadata.namespace, settings),
    name,
    workloadName: name,
    ready: true,
    provenance: provenanceOf(`External/${settings.cluster}`, object),
  };
}

type EntryDescription = Omit<Workload, 'name' | 'workloadName' | 'ready' | 'provenance'>;

function describeEntry(
  entry: WorkloadEntry,
  namespace: string,
  settings: WorkloadEntrySettings,
): EntryDescription {
  const locality = entry.locality || localityOfLabels(entry.labels);
  return {
    kind: 'WorkloadEntry',
    namespace,
    cluster: settings.cluster,
    addresses: entry.address === '' ? [] : [entry.address],
    labels: entry.labels,
    endpointLabels: endpointLabels(entry, locality, settings),
    ports: entry.ports,
    serviceAccount:
      entry.serviceAccount === '' ? '' : spiffeUri(settings.trustDomain, namespace, entry.serviceAccount),
    // Only the entry's own field counts here; the label may come from the cluster (Istio reference 3.3).
    network: entry.network,
    locality,
    weight: entry.weight,
    tlsMode: entry.labels[tlsModeLabel] ?? (entry.serviceAccount === '' ? 'disabled' : 'istio'),
    dnsServiceEntryOnly: entry.address !== '' && isIP(entry.address) === 0,
  };
}

function endpointLabels(
  entry: WorkloadEntry,
  locality: string,
  { cluster, networks }: WorkloadEntrySettings,
): Labels {
  const network = entry.network || (networks?.networkOf(entry.address, entry.labels) ?? '');
  return augmentLabels(entry.labels, { cluster, locality, nodeName: '', network });
}

function entryWorkloadName({ name, labels, annotations }: ObjectMeta): string {
  return annotations[autoRegistrationGroupAnnotation] ?? labels[workloadNameLabel] ?? name;
}

/** An entry that is health checked counts only once its status says that it is healthy. */
function isHealthy({ metadata, spec }: ConfigObject<'WorkloadEntry'>): boolean {
  return !isTrue(metadata.annotations[healthCheckAnnotation] ?? '') || spec.healthy === true;
}

/** What Go's strconv.ParseBool takes for true. */
function isTrue(text: string): boolean {
  return ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text);
}
