/** The merged servers of a router, made once for all routers that have the same Gateways and ports. */
import type { ProxyContext } from '../../mesh/snapshot.js';
import { listFields, listOf } from '../list-fields.js';
import type { Memo } from '../memo.js';
import { mergeServers, type MergedServers } from './merged-servers.js';

/** Keeps the ports of a service from being translated: Gateways name the ports of its workload then. */
const untranslatedLabel = 'experimental.istio.io/disable-gateway-port-translation';

/** The servers of a router; the same object as long as nothing changed that they depend on. */
export function routerServers({ gateways, serviceTargets }: ProxyContext, memo: Memo): MergedServers {
  const ports = memo.intern(portTranslation(serviceTargets));
  const key = gateways.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).join(' ');
  return memo
    .group('merged servers')
    .compute(key, { ...listFields(gateways), ports }, (made) =>
      mergeServers(listOf(made), new Map(made.ports)),
    );
}

/** The target ports of the ports of a router's own services, of each number the first. */
export function portTranslation(
  targets: ProxyContext['serviceTargets'],
): readonly (readonly [number, number])[] {
  const ports = new Map<number, number>();
  for (const { service, port, targetPort } of targets) {
    if (Object.hasOwn(service.attributes.labels, untranslatedLabel)) continue;
    if (!ports.has(port.port)) ports.set(port.port, targetPort);
  }
  return [...ports];
}
