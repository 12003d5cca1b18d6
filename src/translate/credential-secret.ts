/** Where the secret comes from that a rule or a Gateway names by `credentialName` (Istio reference 5.7, 7.8). */
import type { SdsSecretConfigShape } from '../envoy/messages.js';
import {
  adsSecret,
  externalSecret,
  meshRoots,
  serverSecret,
  workloadCertificate,
} from './cluster/tls-context.js';
import type { ProviderCluster } from './provider-clusters.js';

/** What a proxy can have secrets from beside the control plane. */
export interface CredentialSources {
  /** Whether the platform gives the proxy secrets over a socket. */
  readonly credentialSocket: boolean;
  /** The server of names that begin with `sds://`, if the mesh has one; `unknown` where its service is not known. */
  readonly secretServer?: ProviderCluster | 'unknown';
}

const ownServerScheme = 'sds://';
const invalidScheme = 'invalid://';
const builtinScheme = 'builtin://';
const servedSchemes = ['kubernetes://', 'kubernetes-gateway://', 'configmap://'];

/** What the name of the CA that belongs to a credential ends with. */
export const caSuffix = '-cacert';

/** The secret of a name; undefined where it should come from a server that is not known. */
export function credentialSecret(
  name: string,
  sources: Pick<CredentialSources, 'credentialSocket'> & { readonly secretServer?: ProviderCluster },
): SdsSecretConfigShape;
export function credentialSecret(name: string, sources: CredentialSources): SdsSecretConfigShape | undefined;
export function credentialSecret(
  name: string,
  { credentialSocket, secretServer }: CredentialSources,
): SdsSecretConfigShape | undefined {
  if (name === builtinScheme) return workloadCertificate;
  if (name === `${builtinScheme}${caSuffix}`) return meshRoots;
  if (!name.startsWith(ownServerScheme)) return adsSecret(servedName(name));
  if (credentialSocket) return externalSecret(name);
  const ownName = name.slice(ownServerScheme.length);
  if (secretServer === undefined) return adsSecret(servedName(ownName));
  return secretServer === 'unknown' ? undefined : serverSecret(ownName, secretServer);
}

/** The name by which the control plane is asked: one without a scheme is that of a Kubernetes secret. */
function servedName(name: string): string {
  if (name.startsWith(builtinScheme)) return 'default';
  if (name.startsWith(invalidScheme)) return invalidScheme;
  return servedSchemes.some((scheme) => name.startsWith(scheme)) ? name : `kubernetes://${name}`;
}
