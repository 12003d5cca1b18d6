/** What becomes of a host that several registries have, by explicit rules. */

/**
 * - `istio`: as Istio does. Services of Kubernetes clusters are one; of others the oldest one of a namespace counts,
 *   with the endpoints of all registries that have its host in that namespace.
 * - `union`: one service, of the first registry, with the ports and endpoints of all, whatever their namespaces.
 * - `priority`: as `union`, but endpoints of a later registry take traffic only when those before are not enough:
 *   they have a lower Envoy priority.
 * - `reject`: the first registry alone has the host; what others say of it is put aside.
 */
export type MergePolicy = 'istio' | 'union' | 'priority' | 'reject';

/** The policy of some hosts. The first rule with a pattern that fits a host counts; `istio` without any. */
export interface MergeRule {
  /** Host names, `*` for any text. */
  readonly hosts: readonly string[];
  readonly policy: MergePolicy;
  /**
   * Registries by name (of their cluster) or `provider/cluster`, the first one first; others follow in the order of the
   * settings, those of Kubernetes before.
   */
  readonly order?: readonly string[];
}

/** The schema of `merge:`. */
export const mergeSchema: Readonly<Record<string, unknown>> = {
  type: 'array',
  description:
    'What becomes of a host that several registries have; the first rule that fits counts, else as in Istio.',
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['hosts', 'policy'],
    properties: {
      hosts: { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } },
      policy: { enum: ['istio', 'union', 'priority', 'reject'] },
      order: { type: 'array', items: { type: 'string', minLength: 1 } },
    },
  },
};
