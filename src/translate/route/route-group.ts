/** Which proxies that see the same have the same routes, by name. */
import type { ProxyContext } from '../../mesh/snapshot.js';
import { patchSelection } from '../envoy-filter/compiled-patches.js';
import { portTranslation } from '../gateway/router-servers.js';
import { routeClient } from './listener-routes.js';

/** All that the routes of a proxy depend on besides its scope and the mesh, as text. */
export function routeGroup(context: ProxyContext): string {
  const { proxy, scope, snapshot, gateways, serviceTargets } = context;
  const patches = patchSelection(context)?.key;
  if (proxy.type !== 'router') {
    const client = routeClient(
      context,
      scope.egress.map(({ virtualServices }) => virtualServices),
    );
    return JSON.stringify([client, patches]);
  }
  const names = gateways.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  const virtualServices = names.map((name) => snapshot.virtualServices.visibleTo(proxy.namespace, name));
  return JSON.stringify([
    routeClient(context, virtualServices),
    names,
    portTranslation(serviceTargets),
    patches,
  ]);
}
