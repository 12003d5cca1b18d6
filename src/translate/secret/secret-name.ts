/** Names by which proxies ask for secrets that are objects of Kubernetes (Istio's `credentialName` as SDS names it). */
import { caSuffix } from '../credential-secret.js';

/** What a name stands for. */
export interface SecretReference {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly namespace: string;
  /** Of a ConfigMap without the suffix; of a Secret as it is asked for. */
  readonly name: string;
  /** Only a CA is asked for, which is no secret. */
  readonly isCa: boolean;
}

/** A reference; why a name of a known scheme is none; or undefined for names of other schemes. */
export type ParsedSecretName =
  | { readonly kind: 'reference'; readonly reference: SecretReference }
  | { readonly kind: 'wrong'; readonly reason: string }
  | undefined;

const secretScheme = 'kubernetes://';
const configMapScheme = 'configmap://';
const gatewayApiScheme = 'kubernetes-gateway://';
const invalidScheme = 'invalid://';

/**
 * Reads `kubernetes://NAME`, `kubernetes://NAMESPACE/NAME` and `configmap://NAMESPACE/NAME`; each with `-cacert` behind
 * the name for the CA alone.
 *
 * @param ownNamespace the namespace of a Secret whose name says none
 */
export function parseSecretName(text: string, ownNamespace: string): ParsedSecretName {
  if (text.startsWith(secretScheme)) {
    const [first = '', second] = text.slice(secretScheme.length).split('/');
    const [namespace, name] = second === undefined ? [ownNamespace, first] : [first, second];
    const isCa = name.endsWith(caSuffix);
    return checked({ kind: 'Secret', namespace, name, isCa });
  }
  if (text.startsWith(configMapScheme)) {
    const [namespace = '', name = ''] = text.slice(configMapScheme.length).split('/');
    if (namespace === '' || name === '')
      return { kind: 'wrong', reason: `the name has to be ${configMapScheme}NAMESPACE/NAME` };
    return checked({ kind: 'ConfigMap', namespace, name: withoutSuffix(name), isCa: true });
  }
  if (text.startsWith(gatewayApiScheme))
    return { kind: 'wrong', reason: 'only objects of the Gateway API, which are not read, could allow it' };
  return text.startsWith(invalidScheme)
    ? { kind: 'wrong', reason: 'the name says that there is none' }
    : undefined;
}

const kubernetesName = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;

/** Names become part of paths of the API. */
function checked(reference: SecretReference): ParsedSecretName {
  const { kind, namespace, name } = reference;
  return kubernetesName.test(namespace) && kubernetesName.test(name)
    ? { kind: 'reference', reference }
    : { kind: 'wrong', reason: `no ${kind} and no namespace can have such a name` };
}

/** The name of the Secret or ConfigMap that also holds the CA. */
export function withoutSuffix(name: string): string {
  return name.endsWith(caSuffix) ? name.slice(0, -caSuffix.length) : name;
}
