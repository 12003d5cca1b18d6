/**
 * The TCP filter chains of a service's port: those of VirtualServices, else the one to the service itself (Istio
 * reference 7.3). Which connections a match is for is decided here as far as it does not depend on the connection.
 */
import { compareStrings } from '../../base/compare.js';
import type { L4MatchAttributes } from '../../config/kinds/virtual-service.js';
import type { ConfigObject, ObjectMeta } from '../../config/object.js';
import type { FilterShape, MetadataShape } from '../../envoy/messages.js';
import { meshGateway } from '../../mesh/virtual-service-names.js';
import { hostsMatch } from '../../model/host.js';
import { labelsMatch, type Labels } from '../../model/labels.js';
import { isTls } from '../../model/protocol.js';
import { anyConnection, type ChainConditions } from './chain-match.js';
import type { ListenerPort } from './tcp-routes.js';

type VirtualServiceObject = ConfigObject<'VirtualService'>;

/** A filter chain of network filters. */
export interface TcpChain extends ChainConditions {
  readonly kind: 'tcp';
  readonly metadata?: MetadataShape;
  readonly filters: readonly FilterShape[];
}

/** Which connections come to a chain, and from whom. */
export interface ChainSettings {
  readonly port: ListenerPort;
  /** Ranges of addresses that the listener is for; empty where its own address says it. */
  readonly destinations: readonly string[];
  /** Gateways that the listener belongs to. */
  readonly gateways: ReadonlySet<string>;
  readonly labels: Labels;
  readonly namespace: string;
  /** The filters to the destinations of a route. */
  readonly filters: (
    route: VirtualServiceObject['spec']['tcp'][number]['route'],
    metadata: ObjectMeta,
  ) => readonly FilterShape[];
}

/** Sidecars belong to the mesh, which is like a gateway to VirtualServices. */
export const meshGateways: ReadonlySet<string> = new Set([meshGateway]);

const withLayer4 = new WeakMap<readonly VirtualServiceObject[], readonly VirtualServiceObject[]>();

/** Those that say something of TCP or TLS; HTTP is a matter of routes. */
export function layer4VirtualServices(
  virtualServices: readonly VirtualServiceObject[],
): readonly VirtualServiceObject[] {
  let found = withLayer4.get(virtualServices);
  if (found === undefined) {
    found = virtualServices.filter(({ spec }) => spec.tcp.length > 0 || spec.tls.length > 0);
    withLayer4.set(virtualServices, found);
  }
  return found;
}

/** Those that are for a host, or for one that covers it or that it covers. */
export function virtualServicesOf(
  hostname: string,
  virtualServices: readonly VirtualServiceObject[],
): readonly VirtualServiceObject[] {
  return virtualServices.filter(({ spec }) => spec.hosts.some((host) => hostsMatch(host, hostname)));
}

/** The object as the path of its resource in the Kubernetes API. */
export function configMetadata(
  kind: 'virtual-service' | 'sidecar',
  { namespace, name }: Pick<ObjectMeta, 'namespace' | 'name'>,
): MetadataShape {
  const config = `/apis/networking.istio.io/v1/namespaces/${namespace}/${kind}/${name}`;
  return { filterMetadata: { istio: { fields: { config: { stringValue: config } } } } };
}

/** Chains of the TLS routes of VirtualServices; none if no match is for the listener. */
export function tlsChains(
  virtualServices: readonly VirtualServiceObject[],
  settings: ChainSettings,
): readonly TcpChain[] {
  const chains: TcpChain[] = [];
  // Of two matches for the same connections the first counts.
  const seen = new Set<string>();
  let { destinations } = settings;
  for (const { metadata, spec } of virtualServices) {
    for (const { match: matches, route } of spec.tls) {
      if (route.length === 0) continue;
      for (const match of matches) {
        if (!isFor(match, settings)) continue;
        const { sniHosts, destinationSubnets = [] } = match;
        // Subnets of a match count for all that follow it too, as in Istio. A socket has no destination.
        if (destinationSubnets.length > 0 && settings.port.port > 0) destinations = destinationSubnets;
        const key = `${sniHosts.join()}|${destinationSubnets.join()}`;
        if (seen.has(key)) continue;
        seen.add(key);
        chains.push({
          ...anyConnection,
          kind: 'tcp',
          serverNames: sniHosts,
          destinations,
          metadata: configMetadata('virtual-service', metadata),
          filters: settings.filters(route, metadata),
        });
      }
    }
  }
  return chains;
}

/** Chains of the TCP routes of VirtualServices, and whether they leave no connection over. */
export function tcpChains(
  virtualServices: readonly VirtualServiceObject[],
  settings: ChainSettings,
): { readonly chains: readonly TcpChain[]; readonly complete: boolean } {
  const chains: TcpChain[] = [];
  let complete = false;
  for (const { metadata, spec } of virtualServices) {
    for (const { match: matches = [], route } of spec.tcp) {
      if (route.length === 0) continue;
      const own = matches.filter((match) => isFor(match, settings));
      if (matches.length === 0 || own.some((match) => isForAll(match, settings))) {
        chains.push({
          ...anyConnection,
          kind: 'tcp',
          destinations: settings.destinations,
          metadata: configMetadata('virtual-service', metadata),
          filters: settings.filters(route, metadata),
        });
        return { chains, complete: true };
      }
      const destinations = own.flatMap(({ destinationSubnets = [] }) => destinationSubnets);
      if (destinations.length === 0) continue;
      chains.push({
        ...anyConnection,
        kind: 'tcp',
        destinations,
        filters: settings.filters(route, metadata),
      });
      complete ||= sameTexts(destinations, settings.destinations);
    }
  }
  return { chains, complete };
}

function isForAll({ destinationSubnets = [] }: L4MatchAttributes, { port }: ChainSettings): boolean {
  return destinationSubnets.length === 0 || port.port === 0;
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  const [left, right] = [[...a].sort(compareStrings), [...b].sort(compareStrings)];
  return left.length === right.length && left.every((text, index) => text === right[index]);
}

function isFor(match: L4MatchAttributes, { port, gateways, labels, namespace }: ChainSettings): boolean {
  const { gateways: named = [], sourceLabels = {}, port: number = 0, sourceNamespace = '' } = match;
  return (
    (named.length === 0 || named.some((gateway) => gateways.has(gateway))) &&
    labelsMatch(sourceLabels, labels) &&
    (number === 0 || number === port.port) &&
    (sourceNamespace === '' || sourceNamespace === namespace)
  );
}

/** Whether a port passes TLS through, so that server names tell connections apart. */
export function passesTls({ protocol }: ListenerPort): boolean {
  return isTls(protocol);
}
