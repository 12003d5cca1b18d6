/**
 * The virtual hosts of a router's routes: of each server the hosts that it has in common with the VirtualServices of
 * its Gateway (Istio reference 7.8).
 */
import { joinHostPort } from '../../base/host-port.js';
import type { Piecewise } from '../../base/piecewise.js';
import type { HttpRetry } from '../../config/kinds/virtual-service.js';
import type { ConfigObject } from '../../config/object.js';
import { TlsRequirementType } from '../../envoy/enums.js';
import type { RouteShape, VirtualHostShape } from '../../envoy/messages.js';
import type { ServiceIndex, SidecarScope, VirtualServiceIndex } from '../../mesh/snapshot.js';
import type { Service } from '../../model/service.js';
import type { Memo } from '../memo.js';
import { destinationCluster } from '../route/destination-cluster.js';
import { destinationHash } from '../route/hash-policy.js';
import type { HashRules } from '../route/hash-rules.js';
import { matchesEverything } from '../route/route-match.js';
import type { RouteClient } from '../route/virtual-hosts.js';
import { virtualServiceRoutes } from '../route/virtual-service-routes.js';
import type { RouterServer } from './server.js';
import { commonHosts, compareHosts, hostsForNamespace } from './server-hosts.js';

type VirtualServiceObject = ConfigObject<'VirtualService'>;

/** All that the virtual hosts of a name depend on. */
export interface RouterHostsInput {
  /** The servers of the name; at least one. */
  readonly servers: readonly RouterServer[];
  readonly virtualServices: Pick<VirtualServiceIndex, 'visibleTo'>;
  readonly scope: Pick<SidecarScope, 'service'>;
  readonly services: Pick<ServiceIndex, 'namespacesOf' | 'exportOf'>;
  readonly hashRules: HashRules;
  readonly defaultRetries: HttpRetry | undefined;
  readonly client: RouteClient;
}

/** A virtual host as it comes together. */
interface HostRoutes {
  readonly name: string;
  readonly host: string;
  readonly routes: RouteShape[];
  /** Requests without TLS are sent to where there is TLS. */
  requiresTls: boolean;
}

/** The virtual hosts, in no certain order. Without any there is one that knows no request. */
export function* routerVirtualHosts(
  input: RouterHostsInput,
  memo: Memo,
): Piecewise<readonly VirtualHostShape[]> {
  const hosts = yield* collectHosts(input, memo);
  if (hosts.size === 0) {
    const port = input.servers[0]?.server.port.number ?? 0;
    return [{ name: joinHostPort('blackhole', port), domains: ['*'] }];
  }
  return collapse(hosts.values()).map(({ first, domains }) => ({
    name: first.name,
    domains,
    routes: catchAllsLast(first.routes),
    requireTls: first.requiresTls ? TlsRequirementType.ALL : TlsRequirementType.NONE,
    includeRequestAttemptCount: input.client.countsAttempts,
  }));
}

function* collectHosts(input: RouterHostsInput, memo: Memo): Piecewise<ReadonlyMap<string, HostRoutes>> {
  const hosts = new Map<string, HostRoutes>();
  const hostRoutes = (written: string, port: number): HostRoutes => {
    const host = written.toLowerCase();
    let found = hosts.get(host);
    if (found === undefined) {
      found = { name: joinHostPort(host, port), host, routes: [], requiresTls: false };
      hosts.set(host, found);
    }
    return found;
  };
  const made = new Map<string, readonly RouteShape[]>();
  for (const { server, gateway } of input.servers) {
    const { number } = server.port;
    const redirects = server.tls?.httpsRedirect === true;
    for (const object of input.virtualServices.visibleTo(input.client.namespace, gateway)) {
      const { namespace, name } = object.metadata;
      const common = commonHosts(hostsForNamespace(server.hosts, namespace), object.spec.hosts);
      if (common.length === 0) continue;
      // The first server of a Gateway that a VirtualService has routes for decides about them for all of its servers.
      const key = `${gateway} ${namespace}/${name}`;
      const routes = made.get(key) ?? routesOf(object, input, { server, gateway }, memo);
      if (routes.length > 0) made.set(key, routes);
      for (const host of routes.length > 0 ? common : []) {
        const found = hostRoutes(host, number);
        found.routes.push(...routes);
        found.requiresTls ||= redirects;
      }
      yield;
    }
    if (redirects) for (const host of server.hosts) hostRoutes(host, number).requiresTls = true;
  }
  return hosts;
}

function routesOf(
  object: VirtualServiceObject,
  input: RouterHostsInput,
  { server, gateway }: Pick<RouterServer, 'server' | 'gateway'>,
  memo: Memo,
): readonly RouteShape[] {
  const { client, defaultRetries, hashRules } = input;
  const { appendForwardedHost } = client;
  const listenerPort = server.port.number;
  return virtualServiceRoutes(
    object,
    { listenerPort, isTls: server.tls !== undefined, gateway, client, defaultRetries, appendForwardedHost },
    {
      cluster: (destination) => {
        const service = serviceFor(input, destination.host, object.metadata.namespace);
        return destinationCluster(destination, service, listenerPort);
      },
      hash: (destination) => destinationHash(hashRules.get(destination.host), destination),
    },
    memo,
  );
}

/** The service of the VirtualService's own namespace if the router may see it, else the one that the router knows. */
function serviceFor(
  { services, scope, client }: RouterHostsInput,
  host: string,
  namespace: string,
): Service | undefined {
  const own = services.namespacesOf(host).get(namespace);
  return own !== undefined && services.exportOf(own, client.namespace).shown ? own : scope.service(host);
}

interface CollapsedHosts {
  readonly first: HostRoutes;
  readonly domains: readonly string[];
}

/** Hosts with the very same routes share a virtual host, which has the name of the narrowest of them. */
function collapse(hosts: Iterable<HostRoutes>): readonly CollapsedHosts[] {
  const collapsed: { readonly first: HostRoutes; readonly domains: string[] }[] = [];
  const newest = new Map<string, (typeof collapsed)[number]>();
  const numbers = new Map<RouteShape, number>();
  const numberOf = (route: RouteShape): number => {
    const number = numbers.get(route) ?? numbers.size;
    numbers.set(route, number);
    return number;
  };
  for (const host of [...hosts].sort((a, b) => compareHosts(a.host, b.host))) {
    const key = host.routes.map(numberOf).join(' ');
    const known = newest.get(key);
    if (known?.first.requiresTls === host.requiresTls) {
      known.domains.push(host.host);
    } else {
      const added = { first: host, domains: [host.host] };
      newest.set(key, added);
      collapsed.push(added);
    }
  }
  return collapsed;
}

/** Routes of several VirtualServices: what takes every request comes behind those of all of them. */
function catchAllsLast(routes: readonly RouteShape[]): readonly RouteShape[] {
  const takesAll = ({ match = {} }: RouteShape): boolean => matchesEverything(match ?? {});
  return [...routes.filter((route) => !takesAll(route)), ...routes.filter(takesAll)];
}
