/**
 * Where the secrets of SDS come from. Each source answers for names of a form of its own: `kubernetes://NAME` for the
 * credentials of Gateways, `default` and `ROOTCA` for certificates of the mesh. A source that has its secrets from
 * outside the snapshot (a CA, files) pushes `typeUrls.sds` when they change.
 */
import type { EncodedResource } from '../../envoy/resource.js';
import type { ProxyContext } from '../../mesh/snapshot.js';
import type { Memo } from '../memo.js';
import type { TranslationProblem } from '../translation.js';

/** One source of secrets; the first one that has an answer for a name counts. */
export interface SecretSource {
  /** The answer for a name. Undefined when names of its form are not this source's business. */
  secret(context: ProxyContext, name: string, memo: Memo): SecretAnswer | undefined;
}

/** What a source has for a name. */
export interface SecretAnswer {
  /**
   * The secret as `envoy.extensions.transport_sockets.tls.v3.Secret` under the name that was asked for; the very same
   * object as long as its content is the same. Absent when there is none or the proxy may not have it.
   */
  readonly resource?: EncodedResource;
  /** Why it is absent, for the log. It never holds anything of a secret's content. */
  readonly problem?: TranslationProblem;
}
