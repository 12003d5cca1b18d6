/** The virtual hosts of an egress listener, made once for all proxies and all names of routes that lead to them. */
import { SharedWork, type Piecewise } from '../../base/piecewise.js';
import type { VirtualHostShape } from '../../envoy/messages.js';
import type { EgressScope, ProxyContext } from '../../mesh/snapshot.js';
import type { Service } from '../../model/service.js';
import { listFields, listOf } from '../list-fields.js';
import type { Memo } from '../memo.js';
import { hashRules } from './hash-rules.js';
import { routeClient, type EgressListener } from './listener-routes.js';
import { outboundVirtualHosts, type VirtualHostsInput } from './virtual-hosts.js';

const none: readonly never[] = Object.freeze([]);

/** The virtual hosts in the order of Istiod: the same array as long as nothing changed that they depend on. */
export function* listenerVirtualHosts(
  context: ProxyContext,
  memo: Memo,
  { egress, listenerPort }: EgressListener,
): Piecewise<readonly VirtualHostShape[]> {
  const { scope, snapshot } = context;
  const { virtualServices } = egress;
  const services = listenerPort === 0 ? egress.services : (servicesByPort(egress).get(listenerPort) ?? none);
  // Proxies may ask for any number of ports that nothing is served on: nothing is kept of them.
  if (services.length === 0 && (listenerPort !== 80 || virtualServices.length === 0)) return none;
  const client = memo.intern(routeClient(context, [virtualServices]));
  const key = `${listenerPort} ${client.namespace}`;
  const input: VirtualHostsInput = {
    listenerPort,
    services: memo.group('services of ports').compute(key, listFields(services), listOf),
    virtualServices,
    hashRules: hashRules(scope, snapshot.destinationRules, client, memo),
    defaultRetries: snapshot.mesh.defaultHttpRetryPolicy,
    client,
  };
  const work = memo
    .group('virtual hosts')
    .compute(key, input, (made: VirtualHostsInput) => new SharedWork(outboundVirtualHosts(made, memo)));
  return yield* work.result();
}

const knownServices = new WeakMap<EgressScope, ReadonlyMap<number, readonly Service[]>>();

/** The services of each port. */
function servicesByPort(egress: EgressScope): ReadonlyMap<number, readonly Service[]> {
  const known = knownServices.get(egress);
  if (known !== undefined) return known;
  const byPort = new Map<number, Service[]>();
  for (const service of egress.services) {
    for (const number of new Set(service.ports.map(({ port }) => port))) {
      const services = byPort.get(number);
      if (services === undefined) byPort.set(number, [service]);
      else services.push(service);
    }
  }
  knownServices.set(egress, byPort);
  return byPort;
}

const indexes = new WeakMap<readonly VirtualHostShape[], ReadonlyMap<string, readonly number[]>>();

/** Those of them that have any of these domains, in their order. */
export function withDomain(
  virtualHosts: readonly VirtualHostShape[],
  domains: readonly string[],
): readonly VirtualHostShape[] {
  let index = indexes.get(virtualHosts);
  if (index === undefined) indexes.set(virtualHosts, (index = placesByDomain(virtualHosts)));
  const places = new Set(domains.flatMap((domain) => index.get(domain) ?? []));
  return [...places].sort((a, b) => a - b).flatMap((place) => virtualHosts[place] ?? []);
}

function placesByDomain(virtualHosts: readonly VirtualHostShape[]): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, number[]>();
  for (const [place, { domains = [] }] of virtualHosts.entries()) {
    for (const domain of domains) {
      const known = places.get(domain);
      if (known === undefined) places.set(domain, [place]);
      else known.push(place);
    }
  }
  return places;
}
