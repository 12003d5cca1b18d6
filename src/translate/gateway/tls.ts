/** TLS that a router ends for a server of a Gateway (Istio reference 7.8). */
import type { GatewayServer, GatewayTls } from '../../config/kinds/networking.js';
import { isKnownCipherSuite } from '../../config/validation/server-tls.js';
import type { TlsConfig } from '../../config/mesh-config.js';
import { TlsProtocol, TrustChainVerification } from '../../envoy/enums.js';
import type {
  CertificateValidationContextShape,
  CommonTlsContextShape,
  SdsSecretConfigShape,
  TlsParametersShape,
  TransportSocketShape,
} from '../../envoy/messages.js';
import { boolValue } from '../../envoy/well-known.js';
import { isHttp, parseProtocol } from '../../model/protocol.js';
import { httpAlpn, serverSecrets, serverTlsSocket, tcpAlpn } from '../listener/server-tls.js';
import { caSuffix, credentialSecret, type CredentialSources } from '../credential-secret.js';
import type { RouterView } from './gateway-view.js';

/** What TLS depends on beside the server. */
export interface ServerTlsContext {
  readonly mesh: { readonly tlsDefaults?: TlsConfig };
  readonly view: Pick<RouterView, 'serverFiles' | 'fileServer'> & CredentialSources;
}

/** The transport socket of a server that ends TLS. */
export function gatewayTlsSocket(
  { tls, port }: { readonly tls: GatewayTls; readonly port: GatewayServer['port'] },
  context: ServerTlsContext,
): TransportSocketShape {
  const protocol = parseProtocol(port.protocol);
  const speaksHttp = isHttp(protocol) || protocol === 'HTTPS';
  return serverTlsSocket({
    commonTlsContext: {
      alpnProtocols: tls.mode === 'ISTIO_MUTUAL' && !speaksHttp ? tcpAlpn : httpAlpn,
      ...secretFields(tls, context),
      ...(tls.mode !== 'ISTIO_MUTUAL' && parameterFields(tls, context.mesh.tlsDefaults)),
    },
    requireClientCertificate: boolValue(tls.mode === 'MUTUAL' || tls.mode === 'ISTIO_MUTUAL'),
  });
}

type SecretFields = Pick<CommonTlsContextShape, 'tlsCertificateSdsSecretConfigs'> &
  Partial<
    | Required<Pick<CommonTlsContextShape, 'combinedValidationContext'>>
    | Required<Pick<CommonTlsContextShape, 'validationContext'>>
  >;

function secretFields(tls: GatewayTls, { view }: ServerTlsContext): SecretFields {
  if (tls.mode === 'ISTIO_MUTUAL') return fileFields(tls, [], view);
  if (credentialNames(tls).length > 0) return credentialFields(tls, view);
  const { serverCertificate: chain = '', privateKey: key = '', caCertificates: root = '' } = tls;
  const { fileServer } = view;
  return fileFields(tls, tls.tlsCertificates ?? [], { serverFiles: { chain, key, root }, fileServer });
}

/** Several names are of certificates with keys of different kinds. */
function credentialNames({
  credentialName = '',
  credentialNames: several = [],
}: GatewayTls): readonly string[] {
  if (several.length > 0) return several;
  return credentialName === '' ? [] : [credentialName];
}

/** Several certificates in files have one CA for clients. */
function fileFields(
  tls: GatewayTls,
  certificates: NonNullable<GatewayTls['tlsCertificates']>,
  view: Pick<RouterView, 'serverFiles' | 'fileServer'>,
): SecretFields {
  const { certificate, roots } = serverSecrets(view);
  const several = certificates.map(({ serverCertificate: chain = '', privateKey: key = '' }) => {
    return serverSecrets({ ...view, serverFiles: { chain, key, root: '' } }).certificate;
  });
  return {
    tlsCertificateSdsSecretConfigs: several.length > 0 ? several : [certificate],
    ...(asksForCertificates(tls) &&
      combined(roots, {
        ...expectedClients(tls),
        ...(isSet(tls.caCrl) && { crl: { filename: tls.caCrl } }),
      })),
  };
}

function credentialFields(tls: GatewayTls, view: CredentialSources): SecretFields {
  const names = credentialNames(tls);
  // As with Istiod, the place of a secret that nobody has stays, and Envoy refuses the listener.
  const certificates = {
    tlsCertificateSdsSecretConfigs: names.map((name) => credentialSecret(name, view) ?? {}),
  };
  if (!asksForCertificates(tls)) {
    const { subjectAltNames = [] } = tls;
    return subjectAltNames.length === 0
      ? certificates
      : { ...certificates, validationContext: { matchSubjectAltNames: exactly(subjectAltNames) } };
  }
  const ca = isSet(tls.caCertCredentialName) ? tls.caCertCredentialName : `${names[0] ?? ''}${caSuffix}`;
  const roots = credentialSecret(ca, view);
  const { verifyCertificateSpki = [], verifyCertificateHash = [] } = tls;
  return {
    ...certificates,
    ...combined(roots, { ...expectedClients(tls), verifyCertificateSpki, verifyCertificateHash }),
  };
}

function asksForCertificates({ mode }: GatewayTls): boolean {
  return mode === 'MUTUAL' || mode === 'OPTIONAL_MUTUAL' || mode === 'ISTIO_MUTUAL';
}

function expectedClients({ subjectAltNames = [], insecureSkipVerify = false }: GatewayTls) {
  return {
    ...(subjectAltNames.length > 0 && { matchSubjectAltNames: exactly(subjectAltNames) }),
    ...(insecureSkipVerify && { trustChainVerification: TrustChainVerification.ACCEPT_UNTRUSTED }),
  } satisfies CertificateValidationContextShape;
}

function exactly(names: readonly string[]) {
  return names.map((exact) => ({ exact }));
}

function combined(
  roots: SdsSecretConfigShape | undefined,
  defaultValidationContext: CertificateValidationContextShape,
) {
  return {
    combinedValidationContext: {
      defaultValidationContext,
      ...(roots !== undefined && { validationContextSdsSecretConfig: roots }),
    },
  };
}

/** What the server says counts over what the mesh says; without either Envoy's own parameters hold. */
function parameterFields(
  { minProtocolVersion, maxProtocolVersion, cipherSuites = [] }: GatewayTls,
  defaults: TlsConfig | undefined,
): Pick<CommonTlsContextShape, 'tlsParams'> {
  const { ecdhCurves = [], cipherSuites: usual = [], minProtocolVersion: usualMinimum } = defaults ?? {};
  // Envoy would refuse the listener for a suite that it does not know.
  const own = [...new Set(cipherSuites)].filter(isKnownCipherSuite);
  const minimum = envoyVersion(minProtocolVersion) ?? meshMinimum(usualMinimum);
  const maximum = envoyVersion(maxProtocolVersion);
  const parameters: TlsParametersShape = {
    ...(ecdhCurves.length > 0 && { ecdhCurves }),
    ...((own.length > 0 || usual.length > 0) && { cipherSuites: own.length > 0 ? own : usual }),
    ...(minimum !== undefined && { tlsMinimumProtocolVersion: minimum }),
    ...(maximum !== undefined && { tlsMaximumProtocolVersion: maximum }),
  };
  return Object.keys(parameters).length > 0 ? { tlsParams: parameters } : {};
}

const versions: Readonly<Record<string, number>> = {
  TLSV1_0: TlsProtocol.TLSv1_0,
  TLSV1_1: TlsProtocol.TLSv1_1,
  TLSV1_2: TlsProtocol.TLSv1_2,
  TLSV1_3: TlsProtocol.TLSv1_3,
};

function envoyVersion(version: string | undefined): TlsProtocol | undefined {
  return version === undefined ? undefined : (versions[version] as TlsProtocol | undefined);
}

function meshMinimum(version: TlsConfig['minProtocolVersion']): TlsProtocol | undefined {
  return version === 'TLS_AUTO' ? undefined : envoyVersion(version);
}

function isSet(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}
