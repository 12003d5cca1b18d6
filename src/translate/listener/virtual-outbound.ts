/** The listeners that are not for any service: that of intercepted connections, and the HTTP proxy (Istio reference 7.2). */
import { TrafficDirection } from '../../envoy/enums.js';
import { Listener, type FilterChainShape, type ListenerShape } from '../../envoy/messages.js';
import { encodedResource, type EncodedResource } from '../../envoy/resource.js';
import { boolValue, uint32 } from '../../envoy/well-known.js';
import type { Memo } from '../memo.js';
import { catchAllVirtualHost } from '../route/catch-all.js';
import { httpProxyRoutes } from '../route/route-name.js';
import { listenerAddress, loopbackAddresses, mainWildcard } from './bind.js';
import { anyConnection, plainHttpProtocols } from './chain-match.js';
import { connectionManagerFilter } from './connection-manager.js';
import { httpInspector } from './listener-filters.js';
import { blackHoleFilter } from './network-filters.js';
import type { HttpChain } from './outbound-chains.js';
import {
  connectionsPerEvent,
  outboundHttpFields,
  outboundListenerShape,
  unknownHostFilters,
  type ListenerContext,
} from './outbound-listener.js';
import { unknownDestinationFilters } from './unknown-destination.js';

/** The listener to which intercepted connections are redirected. */
const virtualOutboundName = 'virtualOutbound';

/** The listeners of a group of proxies that no service makes. */
export function fixedOutboundListeners(context: ListenerContext, memo: Memo): readonly EncodedResource[] {
  const { view, extras, mesh } = context;
  const input = { view, extras, mesh };
  return [
    ...(httpProxyPort(context) === 0
      ? []
      : [memo.group('http proxy').compute('', input, (made) => encoded(httpProxy(made)))]),
    ...(view.interceptionMode === 'NONE'
      ? []
      : [memo.group(virtualOutboundName).compute('', input, (made) => encoded(virtualOutbound(made)))]),
  ];
}

function encoded(listener: ListenerShape): EncodedResource {
  return encodedResource(listener.name ?? '', Listener.typeUrl, Listener.encode(listener));
}

function httpProxyPort({ view, mesh }: Pick<ListenerContext, 'view' | 'mesh'>): number {
  return view.httpProxyPort ?? mesh.proxyHttpPort;
}

const explicitProxyChain: HttpChain = {
  ...anyConnection,
  kind: 'http',
  routeName: httpProxyRoutes,
  grpcWeb: false,
  lookedUpHost: '',
  explicitProxy: true,
};

/** A proxy for clients that know of it. */
function httpProxy(context: ListenerContext): ListenerShape {
  return outboundListenerShape(
    {
      port: httpProxyPort(context),
      binds: loopbackAddresses(context.view.families),
      bindToPort: true,
      chains: [explicitProxyChain],
    },
    context,
  );
}

function virtualOutbound(context: ListenerContext): ListenerShape {
  const { view, mesh, extras } = context;
  const looksUp = view.outboundTrafficPolicy.mode === 'ALLOW_ANY_DYNAMIC_DNS';
  return {
    name: virtualOutboundName,
    address: listenerAddress(mainWildcard(view.families), mesh.proxyListenPort),
    ...(view.interceptionMode === 'TPROXY' && { transparent: boolValue(true) }),
    useOriginalDst: boolValue(true),
    trafficDirection: TrafficDirection.OUTBOUND,
    maxConnectionsToAcceptPerSocketEvent: connectionsPerEvent,
    listenerFilters: looksUp ? [httpInspector] : [],
    accessLog: extras.telemetry.listenerLogs,
    filterChains: [
      blackHole(context),
      ...(looksUp ? [unknownHosts(context)] : []),
      { name: 'virtualOutbound-catchall-tcp', filters: unknownDestinationFilters(view, extras) },
    ],
  };
}

/** What comes to the listener's own port was not redirected, and would come back for ever if it were passed on. */
function blackHole({ mesh, extras }: ListenerContext): FilterChainShape {
  return {
    name: 'virtualOutbound-blackhole',
    filterChainMatch: { destinationPort: uint32(mesh.proxyListenPort) },
    filters: [...extras.telemetry.networkFilters, blackHoleFilter],
  };
}

function unknownHosts({ view, mesh, extras }: ListenerContext): FilterChainShape {
  const filter = connectionManagerFilter({
    listenerClass: 'sidecar-outbound',
    view,
    mesh,
    extras,
    statPrefix: `outbound_${virtualOutboundName}_allow_any_dynamic_dns`,
    routes: {
      name: 'allow_any_dynamic_dns',
      virtualHosts: [
        catchAllVirtualHost({
          policy: view.outboundTrafficPolicy,
          countsAttempts: view.http.countsAttempts,
          appendForwardedHost: view.http.appendsForwardedHost,
        }),
      ],
      validateClusters: boolValue(false),
      maxDirectResponseBodySizeBytes: uint32(1_048_576),
      ignorePortInHostMatching: true,
    },
    base: outboundHttpFields(view),
    lastFilters: unknownHostFilters(view),
  });
  return {
    name: 'virtualOutbound-catchall-tcp-http',
    filterChainMatch: { applicationProtocols: plainHttpProtocols },
    filters: [filter],
  };
}
