/** The listeners of what comes to a workload (Istio reference 7.5). */
import type { MeshConfig } from '../../config/mesh-config.js';
import { ForwardClientCertDetails, TrafficDirection } from '../../envoy/enums.js';
import {
  Listener,
  type FilterChainMatchShape,
  type FilterChainShape,
  type FilterShape,
  type ListenerShape,
} from '../../envoy/messages.js';
import { encodedResource, type EncodedResource } from '../../envoy/resource.js';
import { boolValue, duration, uint32 } from '../../envoy/well-known.js';
import type { ProxyContext } from '../../mesh/snapshot.js';
import { isHttp2, type Protocol } from '../../model/protocol.js';
import type { Memo } from '../memo.js';
import { inboundClusterName, inboundPassthroughCluster } from '../names.js';
import type { Translation } from '../translation.js';
import { addressFields, listenerName, mainWildcard } from './bind.js';
import { connectionManagerFilter, type ConnectionManagerFields } from './connection-manager.js';
import { listenerExtras, type ListenerExtras } from './extras.js';
import type { HttpSettings } from './http-settings.js';
import { inboundListenerFilters } from './inbound-inspectors.js';
import { inboundChains, type InboundChain } from './inbound-match.js';
import {
  inboundBind,
  inboundPlan,
  type InboundPlan,
  type InboundPort,
  type PassthroughPort,
} from './inbound-plan.js';
import { inboundRoutes } from './inbound-route.js';
import { listenerView, type ListenerView } from './listener-view.js';
import { blackHoleFilter, metadataExchangeFilter, protocolFilters, tcpProxyTo } from './network-filters.js';
import { listenerProtocol } from './outbound-chains.js';
import { connectionsPerEvent, exactBalance } from './outbound-listener.js';
import { serverHeaderFields } from './server-header.js';
import { mutualTlsSocket } from './server-tls.js';
import { configMetadata } from './virtual-service-chains.js';

/** The listener to which connections to the workload are redirected. */
const virtualInboundName = 'virtualInbound';

interface InboundContext {
  readonly view: ListenerView;
  readonly extras: ListenerExtras;
  readonly mesh: MeshConfig;
}

interface InboundInput extends InboundContext {
  readonly plan: InboundPlan;
}

/** The inbound listeners of a proxy; the same for proxies that are alike. */
export function inboundListeners(context: ProxyContext, memo: Memo): Translation {
  const view = memo.intern(listenerView(context));
  const { plan, problems } = inboundPlan(context, view);
  const input: InboundInput = {
    view,
    extras: listenerExtras(context, 'sidecar-inbound', memo),
    mesh: context.snapshot.mesh,
    plan: memo.intern(plan),
  };
  return {
    resources: memo.group('inbound listeners').compute('', input, encodeInbound),
    problems: [...problems, ...input.extras.policies.problems],
  };
}

function encodeInbound({ plan, ...context }: InboundInput): readonly EncodedResource[] {
  const bound = plan.ports.filter(({ bindToPort }) => bindToPort);
  const listeners = bound.map((port) => portListener(port, context));
  if (context.view.interceptionMode !== 'NONE') listeners.unshift(virtualInbound(plan, context));
  return listeners.map((listener) =>
    encodedResource(listener.name ?? '', Listener.typeUrl, Listener.encode(listener)),
  );
}

function virtualInbound({ ports, passthrough }: InboundPlan, context: InboundContext): ListenerShape {
  const { view, mesh } = context;
  const chains = [
    blackHole(context),
    ...passthrough.flatMap((port) => portChains(passthroughTarget(port), context)),
    ...ports
      .filter(({ bindToPort }) => !bindToPort)
      .flatMap((port) => portChains(chainTarget(port, view), context)),
  ];
  const transparent = view.interceptionMode === 'TPROXY';
  return {
    name: virtualInboundName,
    ...addressFields([mainWildcard(view.families)], mesh.proxyInboundListenPort),
    ...(transparent && { transparent: boolValue(true) }),
    ...listenerFields(chains, { intercepted: true, transparent }, context),
  };
}

/** A listener on the port itself, where nothing is redirected. */
function portListener(port: InboundPort, context: InboundContext): ListenerShape {
  const chains = portChains(chainTarget(port, context.view), context);
  const [bind = ''] = port.binds;
  return {
    name: listenerName(bind, port.targetPort),
    ...addressFields([bind], port.targetPort),
    ...listenerFields(chains, { intercepted: false, transparent: false }, context),
  };
}

function listenerFields(
  chains: readonly FilterChainShape[],
  arrival: Parameters<typeof inboundListenerFilters>[1],
  { view, extras, mesh }: InboundContext,
) {
  return {
    trafficDirection: TrafficDirection.INBOUND,
    continueOnListenerFiltersTimeout: true,
    maxConnectionsToAcceptPerSocketEvent: connectionsPerEvent,
    ...exactBalance(view.exactBalance.inbound),
    accessLog: extras.telemetry.listenerLogs,
    filterChains: chains,
    listenerFilters: inboundListenerFilters(chains, arrival),
    listenerFiltersTimeout: duration(mesh.protocolDetectionTimeout),
  } satisfies ListenerShape;
}

/** What comes to the listener's own port was not redirected, and would come back for ever if it were passed on. */
function blackHole({ view, mesh, extras }: InboundContext): FilterChainShape {
  return {
    name: 'virtualInbound-blackhole',
    filterChainMatch: { destinationPort: uint32(mesh.proxyInboundListenPort) },
    filters: [
      ...(view.istioFilters ? [metadataExchangeFilter] : []),
      ...extras.telemetry.networkFilters,
      blackHoleFilter,
    ],
  };
}

/** A port with chains of its own, or all that have none. */
interface ChainTarget extends Pick<InboundPort, 'targetPort' | 'servicePort' | 'mode' | 'sidecar'> {
  readonly cluster: string;
  readonly hostname: string;
  readonly protocol: Protocol;
  readonly names: Readonly<Record<InboundChain['kind'], string>>;
  /** Under which names TCP and HTTP are counted. */
  readonly statPrefixes: Readonly<Record<InboundChain['kind'], string>>;
}

function chainTarget(port: InboundPort, view: ListenerView): ChainTarget {
  const name = listenerName(inboundBind(view, port), port.targetPort);
  return {
    ...port,
    cluster: inboundClusterName(port.targetPort),
    names: { http: name, tcp: name },
    statPrefixes: { http: `inbound_${name}`, tcp: port.statPrefix },
  };
}

function passthroughTarget({ targetPort, mode, statPrefix }: PassthroughPort): ChainTarget {
  return {
    targetPort,
    mode,
    servicePort: 0,
    hostname: '',
    protocol: 'UnsupportedProtocol',
    cluster: inboundPassthroughCluster,
    names: { http: 'virtualInbound-catchall-http', tcp: virtualInboundName },
    statPrefixes: { http: inboundPassthroughCluster, tcp: statPrefix },
  };
}

function portChains(target: ChainTarget, context: InboundContext): readonly FilterChainShape[] {
  return inboundChains(target.mode, listenerProtocol(target.protocol)).map((chain) => ({
    name: target.names[chain.kind],
    filterChainMatch: chainMatch(target, chain),
    filters: chain.kind === 'http' ? httpFilters(target, context) : tcpFilters(target, context),
    ...(chain.tls && { transportSocket: mutualTlsSocket(chain.kind, context) }),
    ...(target.sidecar !== undefined && { metadata: configMetadata('sidecar', target.sidecar) }),
  }));
}

function chainMatch(
  { targetPort }: ChainTarget,
  { applicationProtocols, transportProtocol }: InboundChain,
): FilterChainMatchShape {
  return {
    applicationProtocols,
    transportProtocol,
    ...(targetPort > 0 && { destinationPort: uint32(targetPort) }),
  };
}

function tcpFilters(
  { cluster, statPrefixes, protocol }: ChainTarget,
  { view, extras }: InboundContext,
): readonly FilterShape[] {
  const { telemetry, policies } = extras;
  return [
    ...(view.istioFilters ? [metadataExchangeFilter] : []),
    ...policies.networkFilters,
    ...telemetry.networkFilters,
    ...protocolFilters(protocol, statPrefixes.tcp),
    tcpProxyTo(cluster, statPrefixes.tcp, {
      idleTimeout: view.http.idleTimeout,
      accessLog: telemetry.tcpLogs,
    }),
  ];
}

function httpFilters(target: ChainTarget, { view, extras, mesh }: InboundContext): readonly FilterShape[] {
  const { protocol, statPrefixes } = target;
  return [
    ...(view.istioFilters ? [metadataExchangeFilter] : []),
    connectionManagerFilter({
      listenerClass: 'sidecar-inbound',
      view,
      mesh,
      extras,
      statPrefix: statPrefixes.http,
      routes: inboundRoutes(target),
      base: inboundHttpFields(view.http, protocol),
      grpcWeb: protocol === 'GRPC-Web',
    }),
  ];
}

/** What connection managers towards the workload have of their own. */
function inboundHttpFields(http: HttpSettings, protocol: Protocol): ConnectionManagerFields {
  const { subject, ...others } = http.clientCertificateDetails;
  const mode = http.clientCertificates === 'UNDEFINED' ? 'APPEND_FORWARD' : http.clientCertificates;
  return {
    ...serverHeaderFields(http, 'istio-envoy'),
    forwardClientCertDetails: ForwardClientCertDetails[mode],
    setCurrentClientCertDetails: { subject: boolValue(subject), ...others },
    ...(isHttp2(protocol) && { http2ProtocolOptions: {} }),
    ...(http.acceptsHttp10 && { httpProtocolOptions: { acceptHttp10: true } }),
  };
}
