/**
 * Servers of mode AUTO_PASSTHROUGH: TLS goes to the cluster that clients name as the server, so that a gateway between
 * networks needs no route for any service (Istio reference 7.8).
 */
import type { Piecewise } from '../../base/piecewise.js';
import type { MeshConfig } from '../../config/mesh-config.js';
import type { MergedDestinationRule } from '../../mesh/snapshot.js';
import { hostSubsetOf } from '../../model/host.js';
import type { Service } from '../../model/service.js';
import { anyConnection } from '../listener/chain-match.js';
import type { ListenerExtras } from '../listener/extras.js';
import { meshProtocols } from '../listener/inbound-match.js';
import { serverNameFilters, type TcpContext } from '../listener/tcp-routes.js';
import type { Memo } from '../memo.js';
import { sniClusterName } from '../names.js';
import type { GatewayTcpChain } from './chains.js';
import type { GatewayContext, RouterView } from './gateway-view.js';
import { gatewayDestinations } from './tcp-servers.js';

/** A chain for each port and subset of each service of the mesh that one of the hosts covers. */
export function* autoPassthroughChains(
  hosts: readonly string[],
  context: GatewayContext,
  memo: Memo,
): Piecewise<readonly GatewayTcpChain[]> {
  const { extras, view, mesh } = context;
  const chains: GatewayTcpChain[] = [];
  const destinations = gatewayDestinations(context);
  for (const service of context.scope.services) {
    if (service.meshExternal || !hosts.some((host) => hostSubsetOf(service.hostname, host))) continue;
    const input = { service, rule: destinations.rule(service), extras, view, mesh };
    chains.push(...memo.group('passthrough chains').compute(service.hostname, input, serviceChains));
    yield;
  }
  return chains;
}

interface ServiceInput {
  readonly service: Service;
  readonly rule: MergedDestinationRule | undefined;
  readonly extras: ListenerExtras;
  readonly view: RouterView;
  readonly mesh: MeshConfig;
}

/** Endpoints that cannot speak mutual TLS are left out of these clusters, so nobody gets by without it. */
function serviceChains({ service, rule, extras, view, mesh }: ServiceInput): readonly GatewayTcpChain[] {
  const context: TcpContext = { mesh, families: view.families, idleTimeout: view.http.idleTimeout, extras };
  const subsets = ['', ...(rule?.subsets ?? []).map(({ name }) => name)];
  return service.ports
    .filter(({ protocol }) => protocol !== 'UDP')
    .flatMap((port) =>
      subsets.map((subset): GatewayTcpChain => ({
        ...anyConnection,
        kind: 'tcp',
        serverNames: [sniClusterName(port.port, subset, service.hostname)],
        applicationProtocols: meshProtocols,
        filters: serverNameFilters({ service, port, rule }, subset, context),
      })),
    );
}
