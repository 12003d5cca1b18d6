/**
 * Remote clusters as Istio's secrets name them (Istio reference 2.12): each key of a Secret with the label
 * `istio/multiCluster: "true"` is the id of a cluster, and its value the kubeconfig of that cluster.
 */
import { compareStrings } from '../base/compare.js';
import { errorMessage } from '../base/errors.js';
import type { Problem } from '../config/object.js';
import { contextOfText } from '../kubernetes/kubeconfig-files.js';
import { parseKubeconfig, refuseReferences, selectContext } from '../kubernetes/kubeconfig.js';
import type { RawObject } from '../kubernetes/list-watch.js';
import type { RemoteCluster } from './remote-clusters.js';

/** Which Secrets count. */
export const remoteSecretSelector = 'istio/multiCluster=true';

/** What Secrets say. */
export interface SecretClusters {
  readonly clusters: readonly RemoteCluster[];
  /** Ids whose kubeconfig is refused: what is known of these clusters stays. */
  readonly refused: readonly string[];
  readonly problems: readonly Problem[];
}

interface SecretObject extends RawObject {
  readonly metadata: RawObject['metadata'] & { readonly creationTimestamp?: string };
  readonly data?: Readonly<Record<string, string>> | null;
}

/**
 * Reads Secrets. Of two that name one cluster the older one counts, as it does while Istio runs.
 *
 * @param source of the Secrets, for messages.
 */
export function secretClusters(secrets: readonly RawObject[], source: string): SecretClusters {
  const clusters: RemoteCluster[] = [];
  const refused: string[] = [];
  const problems: Problem[] = [];
  const taken = new Map<string, string>();
  for (const secret of (secrets as readonly SecretObject[]).toSorted(compareByAge)) {
    const origin = `Secret ${secret.metadata.namespace ?? ''}/${secret.metadata.name}`;
    const refuse = (id: string, message: string): void => {
      problems.push({ severity: 'error', file: source, object: origin, path: `data.${id}`, message });
    };
    for (const [id, encoded] of Object.entries(secret.data ?? {})) {
      const first = taken.get(id);
      if (first !== undefined) {
        refuse(id, `the cluster ${id} is that of ${first} already`);
        continue;
      }
      taken.set(id, origin);
      const text = Buffer.from(encoded, 'base64').toString('utf8');
      try {
        refuseReferences(selectContext(parseKubeconfig(text, 'its kubeconfig', '')));
        clusters.push({ id, origin, version: text, read: contextOfText(text, origin) });
      } catch (error) {
        refuse(id, errorMessage(error));
        refused.push(id);
      }
    }
  }
  return { clusters, refused, problems };
}

function compareByAge({ metadata: a }: SecretObject, { metadata: b }: SecretObject): number {
  return (
    compareStrings(a.creationTimestamp ?? '', b.creationTimestamp ?? '') || compareStrings(a.name, b.name)
  );
}
