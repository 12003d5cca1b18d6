/** EndpointSlices as endpoints of the model (Istio reference 2.5). */
import type { EndpointSliceEndpoint } from '../../config/kinds/kubernetes.js';
import type { ConfigObject } from '../../config/object.js';
import type { Endpoint, HealthStatus } from '../../model/endpoint.js';
import type { Labels } from '../../model/labels.js';
import { provenanceOf } from '../objects/provenance.js';
import type { EndpointIdentity } from './convert-pod.js';

const serviceNameLabel = 'kubernetes.io/service-name';
const importedServiceLabel = 'multicluster.kubernetes.io/service-name';
const persistentSessionLabels = [
  'istio.io/persistent-session',
  'istio.io/persistent-session-header',
] as const;

/** What the endpoints of a slice depend on beside the object. */
export interface SliceSettings {
  readonly cluster: string;
  /** Labels of the slice's Service; undefined when there is no such Service. */
  readonly serviceLabels: Labels | undefined;
  /** The identity of a pod, by namespace and name, at one of its addresses; undefined while the pod is not known. */
  identityOfPod(namespace: string, name: string, address: string): EndpointIdentity | undefined;
  /** The identity of an address that no pod was named for. */
  identityOfAddress(address: string): EndpointIdentity;
}

/** The name of the Service that a slice belongs to; undefined for a slice that does not count. */
export function serviceNameOfSlice({ metadata, spec }: ConfigObject<'EndpointSlice'>): string | undefined {
  if (metadata.labels[importedServiceLabel] !== undefined || spec.addressType === 'FQDN') return undefined;
  return metadata.labels[serviceNameLabel] || undefined;
}

/** The pod that an endpoint of a slice names. */
export function podOfEndpoint(
  endpoint: EndpointSliceEndpoint,
): { namespace: string; name: string } | undefined {
  return endpoint.targetRef?.kind === 'Pod' ? endpoint.targetRef : undefined;
}

/**
 * The endpoints of a slice in its order: for each address, one for each port. Addresses whose pod is not known are
 * left out until it is: without the pod nobody knows its account or whether it speaks mutual TLS.
 */
export function convertEndpointSlice(
  object: ConfigObject<'EndpointSlice'>,
  settings: SliceSettings,
): readonly Endpoint[] {
  const provenance = provenanceOf(`Kubernetes/${settings.cluster}`, object);
  return object.spec.endpoints.flatMap((endpoint) => {
    const health = endpointHealth(endpoint, settings.serviceLabels);
    return endpoint.addresses.flatMap((address) => {
      const identity = endpointIdentity(endpoint, address, settings);
      if (identity === undefined) return [];
      return object.spec.ports.map((port): Endpoint => ({
        ...identity,
        addresses: [address],
        port: port.port,
        servicePortName: port.name,
        cluster: settings.cluster,
        weight: 0,
        health,
        provenance,
      }));
    });
  });
}

function endpointIdentity(
  endpoint: EndpointSliceEndpoint,
  address: string,
  settings: SliceSettings,
): EndpointIdentity | undefined {
  const pod = podOfEndpoint(endpoint);
  return pod === undefined
    ? settings.identityOfAddress(address)
    : settings.identityOfPod(pod.namespace, pod.name, address);
}

/** An absent condition counts as Kubernetes says it does: ready and serving, and of an unready endpoint terminating. */
function endpointHealth(endpoint: EndpointSliceEndpoint, serviceLabels: Labels | undefined): HealthStatus {
  const { ready = true, serving = true, terminating = true } = endpoint;
  if (ready) return 'healthy';
  if (serviceLabels === undefined || !terminating) return 'unhealthy';
  return serving && supportsDraining(serviceLabels) ? 'draining' : 'terminating';
}

function supportsDraining(serviceLabels: Labels): boolean {
  return persistentSessionLabels.some((label) => (serviceLabels[label] ?? '') !== '');
}

/** The endpoints of several slices of one service, each address and port name once: where it comes first. */
export function concatenateSlices(slices: Iterable<readonly Endpoint[]>): readonly Endpoint[] {
  const byAddressAndPort = new Map<string, Endpoint>();
  for (const endpoints of slices) {
    for (const endpoint of endpoints) {
      const key = `${endpoint.addresses[0] ?? ''} ${endpoint.servicePortName}`;
      if (!byAddressAndPort.has(key)) byAddressAndPort.set(key, endpoint);
    }
  }
  return [...byAddressAndPort.values()];
}
