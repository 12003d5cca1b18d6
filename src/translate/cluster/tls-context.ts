/** The messages of TLS towards an upstream (Istio reference 5.7). */
import type { TlsConfig } from '../../config/mesh-config.js';
import { packAny } from '../../envoy/any.js';
import { ApiType, ApiVersion, TlsProtocol } from '../../envoy/enums.js';
import {
  RawBuffer,
  UpstreamTlsContext,
  type CertificateValidationContextShape,
  type CommonTlsContextShape,
  type ConfigSourceShape,
  type SdsSecretConfigShape,
  type TlsParametersShape,
  type TransportSocketShape,
} from '../../envoy/messages.js';
import { duration } from '../../envoy/well-known.js';
import { sdsExternalCluster, sdsFilesCluster, sdsGrpcCluster } from '../names.js';

/** Plain text as a choice among several sockets. */
export const rawBufferSocket: TransportSocketShape = {
  name: 'envoy.transport_sockets.raw_buffer',
  typedConfig: packAny(RawBuffer, {}),
};

/** A socket that speaks TLS. */
export function tlsSocket(commonTlsContext: CommonTlsContextShape, sni: string): TransportSocketShape {
  return {
    name: 'envoy.transport_sockets.tls',
    typedConfig: packAny(UpstreamTlsContext, { commonTlsContext, ...(sni !== '' && { sni }) }),
  };
}

/** The parameters of mutual TLS between workloads, which no setting changes. */
export const defaultTlsParameters: TlsParametersShape = {
  tlsMinimumProtocolVersion: TlsProtocol.TLSv1_2,
  tlsMaximumProtocolVersion: TlsProtocol.TLSv1_3,
};

/** The parameters of other TLS, with the mesh's curves and ciphers. */
export function tlsParameters(defaults: TlsConfig | undefined): TlsParametersShape {
  const { ecdhCurves = [], cipherSuites = [] } = defaults ?? {};
  return {
    ...defaultTlsParameters,
    ...(cipherSuites.length > 0 && { cipherSuites }),
    ...(ecdhCurves.length > 0 && { ecdhCurves }),
  };
}

function grpcSource(clusterName: string, authority = ''): ConfigSourceShape {
  return {
    apiConfigSource: {
      apiType: ApiType.GRPC,
      setNodeOnFirstMessageOnly: true,
      transportApiVersion: ApiVersion.V3,
      grpcServices: [{ envoyGrpc: { clusterName, authority } }],
    },
    resourceApiVersion: ApiVersion.V3,
  };
}

const agentSource = grpcSource(sdsGrpcCluster);
const workloadSource: ConfigSourceShape = { ...agentSource, initialFetchTimeout: duration(0) };
const filesSource = grpcSource(sdsFilesCluster);
const externalSource = grpcSource(sdsExternalCluster);
const adsSource: ConfigSourceShape = { ads: {}, resourceApiVersion: ApiVersion.V3 };

/** The workload's own certificate, from its agent. */
export const workloadCertificate: SdsSecretConfigShape = { name: 'default', sdsConfig: workloadSource };
/** The roots of the mesh, from the agent. */
export const meshRoots: SdsSecretConfigShape = { name: 'ROOTCA', sdsConfig: workloadSource };

/** A secret that the agent reads from a file. */
export function fileSecret(name: string): SdsSecretConfigShape {
  return { name, sdsConfig: agentSource };
}

/** A secret from a file that a server of the platform's reads. */
export function servedFileSecret(name: string): SdsSecretConfigShape {
  return { name, sdsConfig: filesSource };
}

/** A secret that the control plane serves. */
export function adsSecret(name: string): SdsSecretConfigShape {
  return { name, sdsConfig: adsSource };
}

/** A secret that the platform gives the proxy over its socket. */
export function externalSecret(name: string): SdsSecretConfigShape {
  return { name, sdsConfig: externalSource };
}

/** A secret that a server of the mesh's own gives. */
export function serverSecret(
  name: string,
  { cluster, hostname }: { readonly cluster: string; readonly hostname: string },
): SdsSecretConfigShape {
  return { name, sdsConfig: grpcSource(cluster, hostname) };
}

/** How a server is checked: by roots that are fetched, and by the names that its certificate may have. */
export function combinedValidation(
  roots: SdsSecretConfigShape,
  subjectAltNames: readonly string[],
  caCrl?: string,
): Pick<CommonTlsContextShape, 'combinedValidationContext'> {
  const defaultValidationContext: CertificateValidationContextShape = {
    ...(subjectAltNames.length > 0 && { matchSubjectAltNames: subjectAltNames.map((exact) => ({ exact })) }),
    ...(caCrl !== undefined && caCrl !== '' && { crl: { filename: caCrl } }),
  };
  return { combinedValidationContext: { defaultValidationContext, validationContextSdsSecretConfig: roots } };
}
