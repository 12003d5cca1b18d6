/** TLS that a proxy ends for its workload (Istio reference 7.5). */
import type { MeshConfig } from '../../config/mesh-config.js';
import { packAny } from '../../envoy/any.js';
import { TlsProtocol } from '../../envoy/enums.js';
import {
  DownstreamTlsContext,
  type DownstreamTlsContextShape,
  type StringMatcherShape,
  type TransportSocketShape,
} from '../../envoy/messages.js';
import { boolValue } from '../../envoy/well-known.js';
import { fileSecret, meshRoots, servedFileSecret, workloadCertificate } from '../cluster/tls-context.js';
import type { ListenerView } from './listener-view.js';

/** What mutual TLS depends on. */
export interface MutualTlsContext {
  readonly mesh: Pick<MeshConfig, 'meshMTLS' | 'trustDomain' | 'trustDomainAliases' | 'caTrustDomains'>;
  readonly view: Pick<ListenerView, 'istioFilters' | 'serverFiles' | 'fileServer'>;
}

/** A transport socket that speaks TLS with clients. */
export function serverTlsSocket(context: DownstreamTlsContextShape): TransportSocketShape {
  return { name: 'envoy.transport_sockets.tls', typedConfig: packAny(DownstreamTlsContext, context) };
}

const strongCiphers = [
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-GCM-SHA256',
];

/** HTTP over TLS. */
export const httpAlpn = ['h2', 'http/1.1'] as const;
/** The same, with metadata being exchanged before anything else. */
export const tcpAlpn = ['istio-peer-exchange', 'h2', 'http/1.1'] as const;

/** Mutual TLS among workloads: clients need a certificate of the mesh. */
export function mutualTlsSocket(kind: 'http' | 'tcp', context: MutualTlsContext): TransportSocketShape {
  const { mesh, view } = context;
  const { certificate, roots } = serverSecrets(view);
  return serverTlsSocket({
    commonTlsContext: {
      alpnProtocols: kind === 'tcp' && view.istioFilters ? tcpAlpn : httpAlpn,
      tlsParams: {
        cipherSuites: mesh.meshMTLS?.cipherSuites ?? strongCiphers,
        tlsMinimumProtocolVersion:
          mesh.meshMTLS?.minProtocolVersion === 'TLSV1_3' ? TlsProtocol.TLSv1_3 : TlsProtocol.TLSv1_2,
        tlsMaximumProtocolVersion: TlsProtocol.TLSv1_3,
      },
      tlsCertificateSdsSecretConfigs: [certificate],
      combinedValidationContext: {
        defaultValidationContext: { matchSubjectAltNames: trustedIdentities(mesh) },
        validationContextSdsSecretConfig: roots,
      },
    },
    requireClientCertificate: boolValue(true),
  });
}

/** Identities of every trust domain that is known. */
function trustedIdentities({
  trustDomain,
  trustDomainAliases,
  caTrustDomains,
}: MutualTlsContext['mesh']): readonly StringMatcherShape[] {
  const domains = new Set([trustDomain, ...trustDomainAliases, ...caTrustDomains]);
  domains.delete('');
  return [...domains].map((domain) => ({ prefix: `spiffe://${domain}/` }));
}

/** The workload's own certificate and the mesh's roots, unless files are named. */
export function serverSecrets({
  serverFiles,
  fileServer,
}: Pick<MutualTlsContext['view'], 'serverFiles' | 'fileServer'>) {
  const { chain, key, root } = serverFiles;
  const file = fileServer ? servedFileSecret : fileSecret;
  return {
    certificate: chain === '' || key === '' ? workloadCertificate : file(`file-cert:${chain}~${key}`),
    roots: root === '' ? meshRoots : file(`file-root:${root}`),
  };
}
