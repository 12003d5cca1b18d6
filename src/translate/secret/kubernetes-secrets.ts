/**
 * The secrets of `credentialName`: Secrets and ConfigMaps of the primary cluster, for the proxies that may have them.
 * The rules are Istiod's (pilot/pkg/xds/sds.go): a Secret is for proxies of its own namespace that have shown a
 * certificate, and whose service account may read Secrets there; a CA is for all of its namespace; a ConfigMap, of which
 * nothing but CAs is given, is for proxies of all namespaces.
 */
import type { ConfigObject } from '../../config/object.js';
import { Secret, type SecretShape } from '../../envoy/messages.js';
import { encodedResource, type EncodedResource } from '../../envoy/resource.js';
import type { ProxyContext } from '../../mesh/snapshot.js';
import type { Proxy, WorkloadIdentity } from '../../model/proxy.js';
import type { Memo } from '../memo.js';
import { proxyConfigValue } from '../proxy-headers.js';
import {
  caOfConfigMap,
  caOfSecret,
  isCertificate,
  keyPairOf,
  type CaCertificates,
} from './secret-content.js';
import { parseSecretName, withoutSuffix, type SecretReference } from './secret-name.js';
import type { SecretAnswer, SecretSource } from './secret-source.js';

/** What is known of who may read Secrets, beside the namespaces. */
export interface SecretRights {
  /**
   * Whether a workload may read the Secrets of its namespace; undefined as long as that is being found out. Everyone
   * may where the cluster has no rights of its own, which is the case of a mesh directory.
   */
  readonly mayReadSecrets?: (identity: WorkloadIdentity) => boolean | undefined;
}

export class KubernetesSecrets implements SecretSource {
  readonly #rights: SecretRights;
  readonly #cluster: () => string;

  /** @param cluster the id of the cluster whose Secrets these are */
  constructor(cluster: () => string, rights: SecretRights = {}) {
    this.#cluster = cluster;
    this.#rights = rights;
  }

  secret(context: ProxyContext, name: string, memo: Memo): SecretAnswer | undefined {
    const { proxy, snapshot } = context;
    const parsed = parseSecretName(name, secretNamespace(proxy));
    if (parsed === undefined) return undefined;
    if (parsed.kind === 'wrong') return refused(proxy, name, parsed.reason);
    const { reference } = parsed;
    const reason = this.#refusal(proxy, reference);
    if (reason === 'unsettled') return {};
    if (reason !== undefined) return refused(proxy, name, reason);
    const found = findObject(snapshot.secrets, reference);
    if (found === undefined)
      return absent(
        name,
        `there is no ${reference.kind} ${reference.namespace}/${withoutSuffix(reference.name)}`,
      );
    const input = { name, object: found, isCa: reference.isCa };
    const answer = memo.group('secrets').compute(name, input, makeSecret);
    const provider = proxyConfigValue(proxy, snapshot.mesh, 'privateKeyProvider');
    return provider === undefined || reference.isCa
      ? answer
      : { ...answer, problem: { subject: name, message: withoutProvider } };
  }

  /** The objects that stand for a name, if the proxy may have it: so that nothing else need be read. */
  wanted(proxy: Proxy, name: string): readonly Pick<SecretReference, 'kind' | 'namespace' | 'name'>[] {
    const parsed = parseSecretName(name, secretNamespace(proxy));
    if (parsed?.kind !== 'reference' || this.#refusal(proxy, parsed.reference) !== undefined) return [];
    const { kind, namespace, name: own, isCa } = parsed.reference;
    const names = new Set(isCa ? [own, withoutSuffix(own)] : [own]);
    return [...names].map((each) => ({ kind, namespace, name: each }));
  }

  /** Why a proxy may not have what a name stands for; `unsettled` while its rights are being found out. */
  #refusal(proxy: Proxy, { kind, namespace, isCa }: SecretReference): string | undefined {
    const { connection, clusterId } = proxy;
    if (connection === undefined)
      return 'it has shown no certificate, and secrets are not given to just anybody who connects';
    if (kind === 'ConfigMap') return undefined;
    const cluster = this.#cluster();
    if (clusterId !== '' && clusterId !== cluster)
      return `it is in cluster ${clusterId}, and only Secrets of ${cluster} are read`;
    if (namespace !== secretNamespace(proxy))
      return `a Secret is for proxies of its own namespace, and it is of ${secretNamespace(proxy)}`;
    const { mayReadSecrets } = this.#rights;
    if (connection.kind === 'local' || isCa || mayReadSecrets === undefined) return undefined;
    const identity = identityOf(proxy, connection.identities);
    const allowed = identity !== undefined && mayReadSecrets(identity);
    if (allowed === undefined) return 'unsettled';
    return allowed
      ? undefined
      : `its service account ${identity?.serviceAccount ?? ''} may not list Secrets of namespace ${namespace}`;
  }
}

const withoutProvider =
  'the private key is given as it is: privateKeyProvider of the proxy configuration is not supported';

/** The namespace of a proxy by its certificate; where it has none, or several, by what it says of itself. */
function secretNamespace(proxy: Proxy): string {
  const { connection, namespace } = proxy;
  if (connection?.kind !== 'certified') return namespace;
  return identityOf(proxy, connection.identities)?.namespace ?? namespace;
}

function identityOf(
  { namespace }: Proxy,
  identities: readonly WorkloadIdentity[],
): WorkloadIdentity | undefined {
  return identities.find((identity) => identity.namespace === namespace) ?? identities[0];
}

type SecretObject = ConfigObject<'Secret'> | ConfigObject<'ConfigMap'>;

/** A CA may be in a Secret of its own, or beside the certificate. */
function findObject(
  secrets: ProxyContext['snapshot']['secrets'],
  { kind, namespace, name, isCa }: SecretReference,
): SecretObject | undefined {
  if (kind === 'ConfigMap') return secrets.configMap(namespace, name);
  const own = secrets.secret(namespace, name);
  return own ?? (isCa ? secrets.secret(namespace, withoutSuffix(name)) : undefined);
}

interface SecretInput {
  readonly name: string;
  readonly object: SecretObject;
  readonly isCa: boolean;
}

function makeSecret({ name, object, isCa }: SecretInput): SecretAnswer {
  const { namespace, name: objectName } = object.metadata;
  const of = `${object.kind} ${namespace}/${objectName}`;
  if (object.kind === 'ConfigMap' || isCa) {
    const ca = object.kind === 'ConfigMap' ? caOfConfigMap(object.spec.data) : caOfSecret(object.spec.data);
    if ('missing' in ca) return absent(name, `${of} has ${ca.missing}`);
    return answer(caSecret(name, ca), of, ca.certificate);
  }
  const pair = keyPairOf(object.spec.data);
  if ('missing' in pair) return absent(name, `${of} has ${pair.missing}`);
  const { certificate, privateKey, ocspStaple } = pair;
  const tlsCertificate = {
    certificateChain: { inlineBytes: certificate },
    privateKey: { inlineBytes: privateKey },
    ...(ocspStaple !== undefined && { ocspStaple: { inlineBytes: ocspStaple } }),
  };
  return answer({ name, tlsCertificate }, of, certificate);
}

function caSecret(name: string, { certificate, revoked }: CaCertificates): SecretShape {
  return {
    name,
    validationContext: {
      trustedCa: { inlineBytes: certificate },
      ...(revoked !== undefined && { crl: { inlineBytes: revoked } }),
    },
  };
}

/** What is no certificate is given too, as by Istiod: it is for Envoy to refuse it, and to keep what it has. */
function answer(secret: SecretShape, of: string, certificate: Buffer): SecretAnswer {
  const resource: EncodedResource = encodedResource(secret.name ?? '', Secret.typeUrl, Secret.encode(secret));
  if (isCertificate(certificate)) return { resource };
  return {
    resource,
    problem: { subject: secret.name ?? '', message: `${of} holds something else than a certificate in PEM` },
  };
}

function absent(name: string, message: string): SecretAnswer {
  return { problem: { subject: name, message } };
}

function refused({ name: proxy }: Proxy, name: string, reason: string): SecretAnswer {
  return { problem: { subject: name, message: `it is not given to ${proxy}: ${reason}` } };
}
