/**
 * Envoy bootstraps that point at Pilotlight: a node that tells who the proxy is, ADS for listeners, routes, clusters and
 * endpoints, SDS for certificates, and the admin port. An Envoy that is no sidecar may have static listeners instead,
 * which send everything to given clusters.
 */
import type { Address } from '../settings/setting.js';
import { sdsGrpcCluster } from '../translate/names.js';
import { serverTransportSocket, type ServerTls } from './server-tls.js';

/** A listener that sends all that it receives to one cluster. */
export interface StaticListener {
  readonly protocol: 'http' | 'tcp';
  readonly address: Address;
  readonly cluster: string;
}

/** How an Envoy speaks ADS, in Envoy's own names: the state of the world, or delta, which is to say changes only. */
export type ApiType = 'GRPC' | 'DELTA_GRPC';

/** Who asks for configuration, and where it is served. */
export interface ClientOptions {
  readonly nodeId: string;
  readonly nodeCluster: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly locality?: { readonly region: string; readonly zone: string; readonly sub_zone: string };
  /** Where ADS is served. */
  readonly server: Address;
  /** Plaintext without it. */
  readonly serverTls?: ServerTls;
}

export interface BootstrapOptions extends ClientOptions {
  /** GRPC without it. */
  readonly apiType?: ApiType;
  readonly admin: Address;
  /** With any, the Envoy has these in the place of those that it would be served. */
  readonly listeners: readonly StaticListener[];
  /** Where Istio's agent gives certificates; without it they are asked of the server. */
  readonly agentSocket?: string;
}

const xdsCluster = 'xds-grpc';
const fromAds = { ads: {}, resource_api_version: 'V3' };

/** The bootstrap as plain data, to be written as YAML or JSON. */
export function bootstrap(options: BootstrapOptions): Readonly<Record<string, unknown>> {
  const { nodeId, nodeCluster, metadata, locality } = options;
  return {
    node: { id: nodeId, cluster: nodeCluster, ...(locality && { locality }), metadata },
    admin: { address: socketAddress(options.admin) },
    dynamic_resources: {
      ads_config: {
        api_type: options.apiType ?? 'GRPC',
        transport_api_version: 'V3',
        set_node_on_first_message_only: true,
        grpc_services: [{ envoy_grpc: { cluster_name: xdsCluster } }],
      },
      // Clusters that never come must not keep the listeners from starting.
      cds_config: { ...fromAds, initial_fetch_timeout: '15s' },
      ...(options.listeners.length === 0 && { lds_config: { ...fromAds, initial_fetch_timeout: '15s' } }),
    },
    static_resources: {
      listeners: options.listeners.map(listener),
      clusters: [controlPlane(xdsCluster, options), secretServer(options)],
    },
  };
}

/** What listeners and clusters call the place that certificates of the mesh come from. */
function secretServer(options: BootstrapOptions): unknown {
  const { agentSocket } = options;
  if (agentSocket === undefined) return controlPlane(sdsGrpcCluster, options);
  return grpcCluster(sdsGrpcCluster, 'STATIC', { pipe: { path: agentSocket } });
}

function controlPlane(name: string, { server, serverTls }: BootstrapOptions): unknown {
  return {
    ...grpcCluster(name, /^[\d.]+$|:/.test(server.host) ? 'STATIC' : 'STRICT_DNS', socketAddress(server)),
    ...(serverTls && { transport_socket: serverTransportSocket(serverTls, server) }),
  };
}

function grpcCluster(name: string, type: 'STATIC' | 'STRICT_DNS', address: unknown): object {
  return {
    name,
    type,
    connect_timeout: '1s',
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        explicit_http_config: {
          http2_protocol_options: { connection_keepalive: { interval: '30s', timeout: '10s' } },
        },
      },
    },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }],
    },
  };
}

function listener({ protocol, address, cluster }: StaticListener): unknown {
  const name = `${protocol}_${address.host}_${address.port}`;
  return {
    name,
    address: socketAddress(address),
    filter_chains: [
      { filters: [protocol === 'http' ? httpFilter(name, cluster) : tcpFilter(name, cluster)] },
    ],
  };
}

function httpFilter(name: string, cluster: string): unknown {
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: {
      '@type':
        'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
      stat_prefix: name,
      route_config: {
        name,
        // The cluster comes over ADS, after this listener.
        validate_clusters: false,
        virtual_hosts: [
          {
            name: 'all',
            domains: ['*'],
            routes: [
              {
                match: { prefix: '/' },
                // An endpoint that goes away in the middle of a request must not be the client's trouble.
                route: {
                  cluster,
                  retry_policy: {
                    retry_on: 'connect-failure,refused-stream,unavailable,reset-before-request',
                    num_retries: 2,
                  },
                },
              },
            ],
          },
        ],
      },
      http_filters: [
        {
          name: 'envoy.filters.http.router',
          typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
        },
      ],
    },
  };
}

function tcpFilter(name: string, cluster: string): unknown {
  return {
    name: 'envoy.filters.network.tcp_proxy',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
      stat_prefix: name,
      cluster,
    },
  };
}

function socketAddress({ host, port }: Address): unknown {
  return { socket_address: { address: host, port_value: port } };
}
