/** How policies name the workloads that they are for. */
import type { Labels } from '../../model/labels.js';

/** What a policy is attached to, in the manner of the Gateway API. */
export interface PolicyTargetReference {
  /** Empty for the core of the API. */
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
}

/** A selector or targets, not both; with neither a policy is for its namespace, or for the mesh in the root namespace. */
export interface PolicyTarget {
  readonly selector?: { readonly matchLabels: Labels };
  /** The form of old for a single target. */
  readonly targetRef?: PolicyTargetReference;
  readonly targetRefs: readonly PolicyTargetReference[];
}
