/** HTTP filters of connection managers, each in the one form that Istio gives it (Istio reference 7.4). */
import { packAny } from '../../envoy/any.js';
import { AlpnProtocol } from '../../envoy/enums.js';
import {
  AlpnFilter,
  Cors,
  DynamicForwardProxyFilter,
  GrpcStats,
  GrpcWeb,
  HttpFault,
  Router,
  TypedStruct,
  type HttpFilterShape,
} from '../../envoy/messages.js';
import { boolValue, struct, type JsonObjectInput } from '../../envoy/well-known.js';
import { dnsCache, type DnsCacheInput } from '../cluster/dynamic-forward-proxy.js';
import { corsFilter } from '../route/cors.js';
import { faultFilter } from '../route/fault.js';

function metadataExchange(value: JsonObjectInput): HttpFilterShape {
  return {
    name: 'istio.metadata_exchange',
    typedConfig: packAny(TypedStruct, {
      typeUrl: 'type.googleapis.com/io.istio.http.peer_metadata.Config',
      value: struct(value),
    }),
  };
}

const discovery = [{ istio_headers: {} }, { workload_discovery: {} }];

/** Tells servers who the client is, and learns who they are. */
export const clientMetadataExchange = metadataExchange({
  upstream_discovery: discovery,
  upstream_propagation: [{ istio_headers: {} }],
});

/** The same, but servers outside of the mesh are told nothing. */
export const clientMetadataExchangeInMesh = metadataExchange({
  upstream_discovery: discovery,
  upstream_propagation: [{ istio_headers: { skip_external_clusters: true } }],
});

/** Tells clients who the server is, and learns who they are. */
export const serverMetadataExchange = metadataExchange({
  downstream_discovery: discovery,
  downstream_propagation: [{ istio_headers: {} }],
});

/** Translates gRPC-Web. */
export const grpcWebFilter: HttpFilterShape = {
  name: 'envoy.filters.http.grpc_web',
  typedConfig: packAny(GrpcWeb, {}),
};

/** Counts messages of gRPC. */
export const grpcStatsFilter: HttpFilterShape = {
  name: 'envoy.filters.http.grpc_stats',
  typedConfig: packAny(GrpcStats, { emitFilterState: true, statsForAllMethods: boolValue(false) }),
};

/** Tells servers by ALPN which HTTP was recognised, in words that only those of the mesh understand. */
export const alpnFilter: HttpFilterShape = {
  name: 'istio.alpn',
  typedConfig: packAny(AlpnFilter, {
    alpnOverride: [
      { upstreamProtocol: AlpnProtocol.HTTP10, alpnOverride: ['istio-http/1.0', 'istio', 'http/1.0'] },
      { upstreamProtocol: AlpnProtocol.HTTP11, alpnOverride: ['istio-http/1.1', 'istio', 'http/1.1'] },
      { upstreamProtocol: AlpnProtocol.HTTP2, alpnOverride: ['istio-h2', 'istio', 'h2'] },
    ],
  }),
};

/** Does what routes say of faults. */
export const faultInjection: HttpFilterShape = { name: faultFilter, typedConfig: packAny(HttpFault, {}) };

/** Does what routes say of CORS. */
export const cors: HttpFilterShape = { name: corsFilter, typedConfig: packAny(Cors, {}) };

/** Looks up the host of a request; its cluster shares the cache. */
export function forwardProxyFilter(cache: DnsCacheInput): HttpFilterShape {
  return {
    name: 'envoy.filters.http.dynamic_forward_proxy',
    typedConfig: packAny(DynamicForwardProxyFilter, { dnsCacheConfig: dnsCache(cache) }),
  };
}

/** The last filter. @param suppressHeaders Envoy says nothing of itself in headers */
export function routerFilter(suppressHeaders: boolean): HttpFilterShape {
  return {
    name: 'envoy.filters.http.router',
    typedConfig: packAny(Router, { suppressEnvoyHeaders: suppressHeaders }),
  };
}
