/** Whose configuration an object is, where several revisions of a control plane serve one mesh. */
import type { RawObject } from '../../kubernetes/list-watch.js';
import type { ApiResource } from './resources.js';

const revisionLabel = 'istio.io/rev';

/**
 * Whether an object counts for a revision: it is Kubernetes' own, has no label `istio.io/rev`, or the one of the
 * revision (Istio reference 10.3).
 */
export function isInRevision({ builtIn }: ApiResource, { metadata }: RawObject, revision: string): boolean {
  if (builtIn) return true;
  const { labels } = metadata as { readonly labels?: Readonly<Record<string, unknown>> | null };
  const label = labels?.[revisionLabel];
  return label === undefined || label === revision;
}
