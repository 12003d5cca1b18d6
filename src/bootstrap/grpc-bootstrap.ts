/**
 * Bootstraps of gRPC programs that speak xDS themselves, without a proxy: the file that GRPC_XDS_BOOTSTRAP names. They
 * hold what all of grpc-go, C-core, grpc-java and @grpc/grpc-js-xds read (gRFC A27, A29, A36, A65).
 */
import { formatAddress } from '../settings/setting.js';
import type { ClientOptions } from './bootstrap.js';
import type { ServerTls } from './server-tls.js';

/** How gRPC is told of TLS with the server; it checks the certificate for the host that it connects to. */
export type GrpcServerTls = Omit<ServerTls, 'serverName'>;

export interface GrpcBootstrapOptions extends Omit<ClientOptions, 'serverTls'> {
  /** Plaintext without it. */
  readonly serverTls?: GrpcServerTls;
}

/** What Pilotlight calls the listeners of gRPC servers, by the address that they listen on. */
const serverListeners = 'xds.istio.io/grpc/lds/inbound/%s';

/** gRPC's own default is 10 minutes; certificates are to be followed sooner than that. */
const refreshInterval = '60s';

/** The bootstrap as plain data, to be written as JSON: gRPC reads nothing else. */
export function grpcBootstrap(options: GrpcBootstrapOptions): Readonly<Record<string, unknown>> {
  const { nodeId, nodeCluster, metadata, locality, server, serverTls } = options;
  return {
    xds_servers: [
      {
        server_uri: formatAddress(server),
        channel_creds: [
          serverTls === undefined ? { type: 'insecure' } : { type: 'tls', config: files(serverTls) },
        ],
        server_features: ['xds_v3'],
      },
    ],
    // @grpc/grpc-js-xds reads no node without a locality, be it an empty one.
    node: { id: nodeId, cluster: nodeCluster, locality: locality ?? {}, metadata },
    // What the clusters and listeners of mutual TLS between workloads refer to.
    ...(serverTls?.own && {
      certificate_providers: { default: { plugin_name: 'file_watcher', config: files(serverTls) } },
    }),
    server_listener_resource_name_template: serverListeners,
  };
}

/** Certificates in files, as gRPC's credentials and its `file_watcher` name them alike. */
function files({ ca, own }: GrpcServerTls): Readonly<Record<string, string>> {
  return {
    ...(own && { certificate_file: own.cert, private_key_file: own.key }),
    ca_certificate_file: ca,
    refresh_interval: refreshInterval,
  };
}
