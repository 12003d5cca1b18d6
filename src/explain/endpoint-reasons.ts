/** Reasons for which an endpoint is left out of a cluster, as sentences with what decided them. */
import type { Endpoint } from '../model/endpoint.js';
import type { Labels } from '../model/labels.js';
import type { Proxy } from '../model/proxy.js';
import type { EndpointFault } from '../translate/endpoint/build-endpoints.js';
import type { RouteFault } from '../translate/endpoint/networks.js';
import type { Reason } from './explanation.js';
import { labelsText } from './source.js';

/** What decides about one endpoint of a cluster. Endpoints of other ports are not of the cluster at all. */
export type EndpointReasonCode =
  Exclude<EndpointFault, 'other-port' | 'other-workload'> | RouteFault | 'outside-distribution';

/** What sentences are made of. */
export interface EndpointFacts {
  readonly endpoint: Endpoint;
  readonly proxy: Proxy;
  readonly clusterLocal: boolean;
  readonly subset: string;
  /** Labels of the subset that the endpoint has not. */
  readonly lacking: Labels;
  readonly minHealthPercent: number;
}

/** The reason of a code. */
export function endpointReason(code: EndpointReasonCode, facts: EndpointFacts): Reason {
  return { code, text: sentence(code, facts) };
}

function sentence(
  code: EndpointReasonCode,
  { endpoint, proxy, clusterLocal, subset, lacking, minHealthPercent }: EndpointFacts,
): string {
  const { network } = endpoint;
  switch (code) {
    case 'host-name':
      return 'its address is a host name, and over EDS Envoy is told of IP addresses only';
    case 'other-labels':
      return `the subset ${subset} wants ${labelsText(lacking)}; its workload has ${haves(endpoint.labels, lacking)}`;
    case 'other-node':
      return `internalTrafficPolicy is Local: it is on node ${orNone(endpoint.nodeName)}, the proxy on ${orNone(proxy.nodeName)}`;
    case 'other-cluster': {
      const why = clusterLocal ? 'the host is cluster-local' : 'internalTrafficPolicy is Local';
      return `${why}: it is in the cluster ${endpoint.cluster}, the proxy in ${orNone(proxy.clusterId)}`;
    }
    case 'network-view':
      return `the proxy asks for the networks ${proxy.requestedNetworkView.join(', ')} (REQUESTED_NETWORK_VIEW); it is on ${network}`;
    case 'not-ready':
      return `it is not ready, and outlier detection has minHealthPercent ${minHealthPercent}, with which only healthy endpoints are sent`;
    case 'terminating':
      return 'it is terminating, as its EndpointSlice says';
    case 'draining':
      return 'it is draining, and the service has no label istio.io/persistent-session';
    case 'no-address':
      return `it has no address, and no gateway to the network ${orNone(network)} stands in`;
    case 'no-mutual-tls':
      return `gateways between networks take mutual TLS only, and towards it none is spoken (tlsMode ${orNone(endpoint.tlsMode)})`;
    case 'no-usable-gateway':
      return `the proxy on network ${orNone(proxy.network)} can connect to none of the gateways of the network ${orNone(network)}: they have addresses of another family`;
    case 'outside-distribution':
      return `the distribution for the proxy’s locality sends nothing to ${orNone(endpoint.locality)}`;
  }
}

function haves(labels: Labels, wanted: Labels): string {
  const found = Object.keys(wanted).map((key) =>
    Object.hasOwn(labels, key) ? `${key}=${labels[key] ?? ''}` : `no ${key}`,
  );
  return found.join(', ');
}

function orNone(text: string | undefined): string {
  return text === undefined || text === '' ? '(none)' : text;
}
