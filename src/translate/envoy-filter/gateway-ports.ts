/** The ports that Gateways name, by the ports of the routes that patches match. */
import type { MergedServers } from '../gateway/merged-servers.js';
import { routerServers } from '../gateway/router-servers.js';
import type { ProxyContext } from '../../mesh/snapshot.js';
import type { Memo } from '../memo.js';
import { gatewayRoutesName, type GatewayPorts } from './route-patches.js';

const noPorts: GatewayPorts = new Map();

/** The ports of a router's Gateways: its Service may lead to other ports than they name. The same map for the same servers. */
export function gatewayPorts(context: ProxyContext, memo: Memo): GatewayPorts {
  if (context.proxy.type !== 'router') return noPorts;
  const servers = routerServers(context, memo);
  return memo.group('gateway ports').compute('', { servers }, portsOf);
}

function portsOf({ servers }: { readonly servers: MergedServers }): GatewayPorts {
  const ports = new Map<number, Set<number>>();
  for (const [name, ofName] of servers.byRouteName) {
    const { port } = gatewayRoutesName(name);
    const named = ports.get(port) ?? new Set<number>();
    ports.set(port, named);
    for (const { server } of ofName) named.add(server.port.number);
  }
  return ports;
}
