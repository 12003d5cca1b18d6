/** TLS that a client begins because a rule says so, other than the mesh's own (Istio reference 5.7). */
import type { ClientTlsSettings } from '../../config/kinds/traffic-policy.js';
import type { TlsConfig } from '../../config/mesh-config.js';
import type { CommonTlsContextShape, SdsSecretConfigShape } from '../../envoy/messages.js';
import { caSuffix, credentialSecret } from '../credential-secret.js';
import type { ServerNameOptions } from './protocol-options.js';
import { combinedValidation, fileSecret, servedFileSecret, tlsParameters } from './tls-context.js';

/** What a context depends on beside the rule's settings. */
export interface OriginationInput {
  /** Whether the cluster speaks HTTP/2 and nothing else. */
  readonly http2: boolean;
  readonly tlsDefaults: TlsConfig | undefined;
  /** Whether secrets by a rule's `credentialName` are served to this proxy. */
  readonly servesCredentials: boolean;
  /** Whether the platform gives the proxy secrets over a socket. */
  readonly credentialSocket: boolean;
  /** Whether a server of the platform's gives the proxy the secrets that are in files. */
  readonly fileServer: boolean;
  /** Names that the server may have where the rule gives none. */
  readonly fallbackAltNames: readonly string[];
}

/** A context, or why there is none: `omitted` is by intention. */
export type OriginationContext =
  | { readonly kind: 'context'; readonly common: CommonTlsContextShape }
  | { readonly kind: 'omitted' }
  | { readonly kind: 'problem'; readonly problem: string };

/** The context of a rule's TLS. */
export function originationContext(input: OriginationInput, settings: ClientTlsSettings): OriginationContext {
  const { mode, credentialName = '', subjectAltNames = [] } = settings;
  const problem = credentialName === '' ? missingFile(settings) : undefined;
  if (problem !== undefined) return { kind: 'problem', problem };
  if (credentialName !== '' && !servesCredential(input, credentialName)) return { kind: 'omitted' };
  const secrets =
    credentialName === '' ? fileSecrets(input, settings) : credentialSecrets(input, credentialName);
  const common = {
    tlsParams: tlsParameters(input.tlsDefaults),
    ...(input.http2 && { alpnProtocols: ['h2'] }),
    ...(mode === 'MUTUAL' && { tlsCertificateSdsSecretConfigs: [secrets.certificate] }),
  };
  if (settings.insecureSkipVerify === true) {
    return { kind: 'context', common: credentialName === '' ? { ...common, validationContext: {} } : common };
  }
  const altNames = subjectAltNames.length > 0 ? subjectAltNames : input.fallbackAltNames;
  const caCrl = credentialName === '' ? settings.caCrl : undefined;
  return { kind: 'context', common: { ...common, ...combinedValidation(secrets.roots, altNames, caCrl) } };
}

/** Without a server name in the rule, the request names the server, and by default its certificate has to, too. */
export function serverNameOptions(settings: ClientTlsSettings): ServerNameOptions {
  const { sni = '', subjectAltNames = [], insecureSkipVerify = false } = settings;
  if (sni !== '') return {};
  return {
    autoSni: true,
    ...(subjectAltNames.length === 0 && !insecureSkipVerify && { autoSanValidation: true }),
  };
}

interface Secrets {
  readonly certificate: SdsSecretConfigShape;
  readonly roots: SdsSecretConfigShape;
}

function missingFile({
  mode,
  clientCertificate = '',
  privateKey = '',
}: ClientTlsSettings): string | undefined {
  if (mode !== 'MUTUAL') return undefined;
  if (clientCertificate === '')
    return 'no TLS is spoken: mode MUTUAL needs clientCertificate or credentialName';
  return privateKey === '' ? 'no TLS is spoken: mode MUTUAL needs privateKey or credentialName' : undefined;
}

/** The agent reads the files, or another server does; without a file of roots it takes those of the system. */
function fileSecrets(
  { fileServer }: OriginationInput,
  { clientCertificate = '', privateKey = '', caCertificates = '' }: ClientTlsSettings,
): Secrets {
  const secret = fileServer ? servedFileSecret : fileSecret;
  return {
    certificate: secret(`file-cert:${clientCertificate}~${privateKey}`),
    roots: secret(`file-root:${caCertificates === '' ? 'system' : caCertificates}`),
  };
}

/** What is in a ConfigMap is public, and is served to everybody. */
function servesCredential({ servesCredentials }: OriginationInput, credentialName: string): boolean {
  return servesCredentials || credentialName.startsWith('configmap://');
}

/** The mesh's server of secrets is asked by gateways for their own certificates only. */
function credentialSecrets({ credentialSocket }: OriginationInput, credentialName: string): Secrets {
  const secret = (name: string): SdsSecretConfigShape => credentialSecret(name, { credentialSocket });
  return { certificate: secret(credentialName), roots: secret(`${credentialName}${caSuffix}`) };
}
