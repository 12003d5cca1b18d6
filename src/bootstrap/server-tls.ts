/** TLS between an Envoy and the server that configures it. */
import { isIP } from 'node:net';
import type { Address } from '../settings/setting.js';

/** How the server is known, and how the Envoy makes itself known. Paths are those of the machine that Envoy runs on. */
export interface ServerTls {
  /** The certificates by which the server's is trusted, in PEM. */
  readonly ca: string;
  /** Envoy's own certificate and key in PEM, for mutual TLS. */
  readonly own?: { readonly cert: string; readonly key: string };
  /** Whom the server's certificate must be for: a DNS name, an IP address or a SPIFFE URI; the host when absent. */
  readonly serverName?: string;
}

/** The `transport_socket` of the cluster that leads to the server. */
export function serverTransportSocket({ ca, own, serverName }: ServerTls, { host }: Address): unknown {
  const name = serverName ?? host;
  const kind = nameKind(name);
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
      ...(kind === 'DNS' && { sni: name }),
      common_tls_context: {
        tls_params: { tls_minimum_protocol_version: 'TLSv1_2' },
        alpn_protocols: ['h2'],
        ...(own && {
          tls_certificates: [
            { certificate_chain: { filename: own.cert }, private_key: { filename: own.key } },
          ],
        }),
        validation_context: {
          trusted_ca: { filename: ca },
          match_typed_subject_alt_names: [{ san_type: kind, matcher: { exact: name } }],
        },
      },
    },
  };
}

/** Envoy's name for the kind of a certificate's name. */
function nameKind(name: string): 'DNS' | 'IP_ADDRESS' | 'URI' {
  if (name.includes('://')) return 'URI';
  return isIP(name) === 0 ? 'DNS' : 'IP_ADDRESS';
}
