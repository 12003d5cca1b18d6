/** Ports on which a proxy cannot have a listener (Istio reference 7.3). */
import type { MeshConfig } from '../../config/mesh-config.js';
import { isHttp, type Protocol } from '../../model/protocol.js';
import { mainWildcard } from './bind.js';
import type { ListenerView } from './listener-view.js';

/** A place to listen. */
export interface ListenerPlace {
  /** Empty where it is told by the service. */
  readonly bind: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly bindToPort: boolean;
}

/** The ports that intercepted connections come to; none where a Sidecar names the listener of its own workload. */
export type InterceptionPorts = Pick<MeshConfig, 'proxyListenPort' | 'proxyInboundListenPort'>;

/** Why there can be no listener, as a part of a sentence; undefined if there can. */
export function reservedPort(
  { bind, port, protocol, bindToPort }: ListenerPlace,
  view: Pick<ListenerView, 'unprivileged' | 'agentPorts' | 'families'>,
  ports: InterceptionPorts | undefined,
): string | undefined {
  if (bindToPort && view.unprivileged && port > 0 && port < 1024)
    return 'the proxy may not listen on ports below 1024';
  // Only what listens on all addresses is in the way of the proxy's own listeners; HTTP does if nothing is said.
  const onAll = bind === '' ? isHttp(protocol) : bind === mainWildcard(view.families);
  if (!onAll) return undefined;
  if (view.agentPorts.includes(port)) return 'the agent listens on that port';
  return port === ports?.proxyListenPort || port === ports?.proxyInboundListenPort
    ? 'intercepted connections come to that port'
    : undefined;
}
