/** The routes that a router's listeners name (Istio reference 7.8). */
import { SharedWork, type Piecewise } from '../../base/piecewise.js';
import type { EncodedResource } from '../../envoy/resource.js';
import type { ProxyContext } from '../../mesh/snapshot.js';
import type { Memo } from '../memo.js';
import { hashRules } from '../route/hash-rules.js';
import { routeClient } from '../route/listener-routes.js';
import { noRoutes, routeConfiguration, sortedByName } from '../route/route-configuration.js';
import type { RouterServer } from './server.js';
import { routerServers } from './router-servers.js';
import { routerVirtualHosts, type RouterHostsInput } from './virtual-hosts.js';

/** The routes of a name; a name that no server has is that of one that is gone. */
export function* gatewayRoutes(context: ProxyContext, memo: Memo, name: string): Piecewise<EncodedResource> {
  const servers = routerServers(context, memo).byRouteName.get(name);
  if (servers === undefined) return noRoutes(name);
  const input: RoutesInput = { ...routerHostsInput(context, memo, servers), name };
  const work = memo
    .group('routes of gateways')
    .compute(
      `${name} ${context.proxy.namespace}`,
      input,
      (made: RoutesInput) => new SharedWork(encode(made, memo)),
    );
  return yield* work.result();
}

interface RoutesInput extends RouterHostsInput {
  readonly name: string;
}

function* encode(input: RoutesInput, memo: Memo): Piecewise<EncodedResource> {
  return yield* routeConfiguration(input.name, sortedByName(yield* routerVirtualHosts(input, memo)));
}

function routerHostsInput(
  context: ProxyContext,
  memo: Memo,
  servers: readonly RouterServer[],
): RouterHostsInput {
  const { scope, snapshot, proxy } = context;
  const { services, virtualServices, destinationRules, mesh } = snapshot;
  const gateways = new Set(servers.map(({ gateway }) => gateway));
  const visible = [...gateways].map((gateway) => virtualServices.visibleTo(proxy.namespace, gateway));
  const client = memo.intern(routeClient(context, visible));
  return {
    servers,
    virtualServices,
    scope,
    services,
    hashRules: hashRules(scope, destinationRules, client, memo),
    defaultRetries: mesh.defaultHttpRetryPolicy,
    client,
  };
}
