/** Patches of route configurations, virtual hosts and routes. */
import type { PatchContext, RouteConfigurationMatch } from '../../config/kinds/envoy-filter.js';
import { mergeMessages } from '../../envoy/merge.js';
import {
  RouteConfiguration,
  type RouteConfigurationShape,
  type RouteShape,
  type VirtualHostShape,
} from '../../envoy/messages.js';
import { parseClusterName } from '../names.js';
import { listMerge, patchTypes, type Patch, type PatchSet } from './compiled-patches.js';
import { keptList, patchedList } from './list-patches.js';

/** Ports that Gateways name, by the port of the routes' listener. */
export type GatewayPorts = ReadonlyMap<number, ReadonlySet<number>>;

/** A route configuration with all patches for it; the very same one if nothing changed. */
export function patchedRoutes(
  routes: RouteConfigurationShape,
  patches: PatchSet,
  context: PatchContext,
  ports: GatewayPorts = new Map(),
): RouteConfigurationShape {
  let patched = routes;
  for (const patch of patches.of('ROUTE_CONFIGURATION', context)) {
    const lists = listMerge(patch);
    if (lists !== undefined && patch.value !== undefined && matchesRoutes(patched, patch, context, ports))
      patched = mergeMessages(RouteConfiguration, patched, patch.value, lists);
  }
  const isForRoutes = (patch: Patch): boolean => matchesRoutes(patched, patch, context, ports);
  return withVirtualHosts(patched, {
    hosts: patches.of('VIRTUAL_HOST', context).filter(isForRoutes),
    routes: patches.of('HTTP_ROUTE', context).filter(isForRoutes),
  });
}

interface HostPatches {
  readonly hosts: readonly Patch<'VIRTUAL_HOST'>[];
  readonly routes: readonly Patch<'HTTP_ROUTE'>[];
}

/** A removed virtual host takes those of its name with it. */
function withVirtualHosts(routes: RouteConfigurationShape, patches: HostPatches): RouteConfigurationShape {
  const before = routes.virtualHosts ?? [];
  const removed = new Set<string | undefined>();
  const patched = keptList(before, (host) => {
    const made = patchedHost(host, patches);
    if (made === undefined) removed.add(host.name);
    return made;
  });
  const added = patches.hosts
    .filter(({ operation }) => operation === 'ADD')
    .flatMap(({ value }) => value ?? []);
  const all = added.length === 0 ? patched : [...patched, ...added];
  const virtualHosts = removed.size === 0 ? all : all.filter(({ name }) => !removed.has(name));
  return virtualHosts === before ? routes : { ...routes, virtualHosts };
}

function patchedHost(host: VirtualHostShape, { hosts, routes }: HostPatches): VirtualHostShape | undefined {
  let patched = host;
  for (const patch of hosts) {
    if (!matchesHost(patched, patch)) continue;
    if (patch.operation === 'REMOVE') return undefined;
    const lists = listMerge(patch);
    if (patch.value === undefined) continue;
    if (lists !== undefined) patched = mergeMessages(patchTypes.VIRTUAL_HOST, patched, patch.value, lists);
    else if (patch.operation === 'REPLACE') patched = patch.value;
  }
  return withRoutes(
    patched,
    routes.filter((patch) => matchesHost(patched, patch)),
  );
}

function withRoutes(host: VirtualHostShape, patches: readonly Patch<'HTTP_ROUTE'>[]): VirtualHostShape {
  const before = host.routes ?? [];
  const kept = keptList(before, (route) => patchedRoute(route, patches));
  const routes = patches.reduce(insertedRoute, kept);
  return routes === before ? host : { ...host, routes };
}

function patchedRoute(route: RouteShape, patches: readonly Patch<'HTTP_ROUTE'>[]): RouteShape | undefined {
  let patched = route;
  for (const patch of patches) {
    if (!matchesRoute(patched, patch)) continue;
    if (patch.operation === 'REMOVE') return undefined;
    const lists = listMerge(patch);
    if (lists !== undefined && patch.value !== undefined)
      patched = mergeMessages(patchTypes.HTTP_ROUTE, patched, patch.value, lists);
  }
  return patched;
}

const insertions: ReadonlySet<string> = new Set(['ADD', 'INSERT_AFTER', 'INSERT_BEFORE', 'INSERT_FIRST']);

function insertedRoute(routes: readonly RouteShape[], patch: Patch<'HTTP_ROUTE'>): readonly RouteShape[] {
  const { operation, value, match } = patch;
  if (!insertions.has(operation)) return routes;
  const matches = (route: RouteShape): boolean => matchesRoute(route, patch);
  const chooses = match.routeConfiguration?.vhost?.route !== undefined;
  // Put first only if there is what the patch is about.
  if (operation === 'INSERT_FIRST' && chooses && !routes.some(matches)) return routes;
  return patchedList(routes, { operation, value, chooses, matches });
}

function matchesRoutes(
  { name = '' }: RouteConfigurationShape,
  { match }: Patch,
  context: PatchContext,
  ports: GatewayPorts,
): boolean {
  const wanted = match.routeConfiguration;
  if (wanted === undefined) return true;
  if (wanted.name !== '' && wanted.name !== name) return false;
  if (context !== 'GATEWAY') return wanted.portNumber === 0 || wanted.portNumber === portOfRoutes(name);
  return matchesServer(wanted, name, ports);
}

/** Routes of a client go by their port, those of a server by its cluster's name. */
function portOfRoutes(name: string): number {
  if (name.startsWith('inbound')) return parseClusterName(name)?.port ?? 0;
  return /^\d+$/.test(name) ? Number(name) : 0;
}

function matchesServer(wanted: RouteConfigurationMatch, name: string, ports: GatewayPorts): boolean {
  const server = gatewayRoutesName(name);
  const named = ports.get(server.port) ?? new Set([server.port]);
  return (
    (wanted.portName === '' || wanted.portName === server.portName) &&
    (wanted.gateway === '' || wanted.gateway === server.gateway) &&
    (wanted.portNumber === 0 || named.has(wanted.portNumber))
  );
}

/** What of a server the name of its routes tells: `http.<port>`, or `https.<port>.<port name>.<gateway>.<namespace>`. */
export function gatewayRoutesName(name: string): {
  readonly port: number;
  readonly portName: string;
  readonly gateway: string;
} {
  const [scheme, port = '', portName = '', gateway = '', namespace = '', ...rest] = name.split('.');
  if (scheme === 'http') {
    const text = name.slice('http.'.length);
    return { port: /^\d+$/.test(text) ? Number(text) : 0, portName: '', gateway: '' };
  }
  if (scheme !== 'https' || namespace === '' || rest.length > 0)
    return { port: 0, portName: '', gateway: '' };
  return { port: Number(port) || 0, portName, gateway: `${namespace}/${gateway}` };
}

function matchesHost({ name, domains }: VirtualHostShape, { match }: Patch): boolean {
  const wanted = match.routeConfiguration?.vhost;
  if (wanted === undefined) return true;
  return (
    (wanted.name === '' || wanted.name === name) &&
    (wanted.domainName === '' || (domains ?? []).includes(wanted.domainName))
  );
}

function matchesRoute(route: RouteShape, { match }: Patch): boolean {
  const wanted = match.routeConfiguration?.vhost?.route;
  if (wanted === undefined) return true;
  if (wanted.name !== '' && wanted.name !== route.name) return false;
  const action = actionOf(route);
  return wanted.action === 'ANY' || action === undefined || action === wanted.action;
}

function actionOf(route: RouteShape): 'ROUTE' | 'REDIRECT' | 'DIRECT_RESPONSE' | undefined {
  if (isSet(route.route)) return 'ROUTE';
  if (isSet(route.redirect)) return 'REDIRECT';
  return isSet(route.directResponse) ? 'DIRECT_RESPONSE' : undefined;
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}
