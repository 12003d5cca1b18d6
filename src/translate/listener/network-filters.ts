/** Network filters that listeners of all classes have (Istio reference 7.3, 7.5). */
import { packAny } from '../../envoy/any.js';
import {
  MongoProxy,
  TcpProxy,
  TypedStruct,
  type AccessLogShape,
  type FilterShape,
  type TcpProxyShape,
} from '../../envoy/messages.js';
import { struct } from '../../envoy/well-known.js';
import { duration } from '../../envoy/well-known.js';
import type { Protocol } from '../../model/protocol.js';
import { blackHoleCluster } from '../names.js';

/** Workloads tell each other who they are, at the start of a connection with mutual TLS. */
export const metadataExchangeFilter: FilterShape = {
  name: 'istio.metadata_exchange',
  typedConfig: packAny(TypedStruct, {
    typeUrl: 'type.googleapis.com/envoy.tcp.metadataexchange.config.MetadataExchange',
    value: struct({ protocol: 'istio-peer-exchange', enable_discovery: true }),
  }),
};

/** The filter that passes a connection on. */
export function tcpProxyFilter(tcpProxy: TcpProxyShape): FilterShape {
  return { name: 'envoy.filters.network.tcp_proxy', typedConfig: packAny(TcpProxy, tcpProxy) };
}

/** Passes connections to one cluster. */
export function tcpProxyTo(
  cluster: string,
  statPrefix: string,
  {
    idleTimeout,
    accessLog,
  }: { readonly idleTimeout: number | undefined; readonly accessLog: readonly AccessLogShape[] },
): FilterShape {
  return tcpProxyFilter({
    statPrefix,
    cluster,
    accessLog,
    ...(idleTimeout !== undefined && { idleTimeout: duration(idleTimeout) }),
  });
}

/** Ends connections that must not go any further. */
export const blackHoleFilter: FilterShape = tcpProxyFilter({
  statPrefix: blackHoleCluster,
  cluster: blackHoleCluster,
});

/** What looks into the protocol of a port, before it is passed on. */
export function protocolFilters(protocol: Protocol, statPrefix: string): readonly FilterShape[] {
  if (protocol !== 'Mongo') return [];
  return [{ name: 'envoy.filters.network.mongo_proxy', typedConfig: packAny(MongoProxy, { statPrefix }) }];
}
