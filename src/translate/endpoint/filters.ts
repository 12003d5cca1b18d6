/** Which endpoints of a service a proxy is told of (Istio reference 6.1, 6.2). */
import { canonicalIp } from '../../base/ip.js';
import { servesPort, type Endpoint } from '../../model/endpoint.js';
import { parseLocality } from '../../model/locality.js';
import type { Service, ServicePort } from '../../model/service.js';
import type { ProxyView, SelfView } from './proxy-view.js';

/** Decides about one endpoint. */
export type EndpointFilter = (endpoint: Endpoint) => boolean;

/** What decides which endpoints are sent. */
export interface FilterInput {
  readonly service: Service;
  readonly clusterLocal: boolean;
  /** Whether endpoints that are not healthy are sent to this cluster. */
  readonly unhealthy: boolean;
  readonly proxy: ProxyView;
}

/** Why an endpoint is kept from a proxy: where it is, how it is, or that it is not of the proxy's own workload. */
export type VisibilityFault =
  | 'other-node'
  | 'network-view'
  | 'other-cluster'
  | 'not-ready'
  | 'terminating'
  | 'draining'
  | 'other-workload';

/**
 * Why the filter that every kind of assignment has keeps an endpoint out; undefined if it does not. An endpoint without an address passes: only the
 * network step knows whether a gateway stands in for it.
 */
export function visibilityFault({
  service,
  clusterLocal,
  unhealthy,
  proxy,
}: FilterInput): (endpoint: Endpoint) => VisibilityFault | undefined {
  const nodeLocal = service.attributes.nodeLocal === true;
  const { networkView } = proxy;
  const persistentSession = (service.attributes.labels['istio.io/persistent-session'] ?? '') !== '';
  return (endpoint) => {
    if (nodeLocal && (endpoint.nodeName ?? '') !== (proxy.nodeName ?? '')) return 'other-node';
    if (networkView !== undefined && endpoint.network !== '' && !networkView.includes(endpoint.network))
      return 'network-view';
    if (clusterLocal && endpoint.cluster !== proxy.cluster) return 'other-cluster';
    if (!unhealthy && endpoint.health === 'unhealthy') return 'not-ready';
    if (endpoint.health === 'terminating') return 'terminating';
    if (isDraining(endpoint) && !persistentSession) return 'draining';
    return proxy.self === undefined || isSibling(endpoint, proxy.self) ? undefined : 'other-workload';
  };
}

/** Whether a network is that of the proxy; an empty one on either side is any. */
export function inNetwork(proxyNetwork: string, network: string): boolean {
  return proxyNetwork === '' || network === '' || proxyNetwork === network;
}

/** Whether an endpoint takes no new requests: it says so, or its label does. */
export function isDraining(endpoint: Endpoint): boolean {
  return endpoint.health === 'draining' || (endpoint.labels['istio.io/draining'] ?? '') !== '';
}

/** Why an endpoint is not one of a port's: it serves another one, or Envoy would have to look up its address. */
export type PortFault = 'other-port' | 'host-name';

/**
 * Why an endpoint is none of a service port's by the port's name, with an address that Envoy need not look up; undefined
 * if it is.
 */
export function portNameFault({ name }: ServicePort, endpoint: Endpoint): PortFault | undefined {
  if (endpoint.servicePortName !== name) return 'other-port';
  return isReachable(endpoint) ? undefined : 'host-name';
}

/** An empty address may be replaced by a gateway's, port 0 means a path; all else has to be an IP address. */
function isReachable({ addresses, port }: Endpoint): boolean {
  const address = addresses[0] ?? '';
  return address === '' || port === 0 || canonicalIp(address) !== undefined;
}

/**
 * The endpoints of a service port by the port's number where they have one, as those of ServiceEntries do: what
 * clusters with embedded endpoints are made of (Istio reference 4.2, appendix C.4).
 */
export function ofPortNumber(port: ServicePort): EndpointFilter {
  return (endpoint) => servesPort(endpoint, port);
}

/** Labels that controllers put on the pods of one generation of a workload. */
export const templateHashLabels = ['pod-template-hash', 'rollouts-pod-template-hash'] as const;

/** Whether an endpoint is of the proxy's own workload, generation and region. */
function isSibling(endpoint: Endpoint, self: SelfView): boolean {
  return (
    endpoint.workloadName === self.workloadName &&
    templateHashLabels.every((name, index) => (endpoint.labels[name] ?? '') === self.templateHashes[index]) &&
    parseLocality(endpoint.locality).region === self.region
  );
}
