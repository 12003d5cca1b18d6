/** AuthorizationPolicies and RequestAuthentications by the workloads that they are for. */
import type { ConfigObject } from '../config/object.js';
import { byNamespace, InternedLists } from './interned-lists.js';
import { attachesTo, type PolicyWorkload } from './policy-target.js';
import type { Table } from './rebuild.js';
import type { WorkloadPolicyIndex } from './snapshot.js';

/** Kinds of policies that are in force together with those of the root namespace. */
export type WorkloadPolicyKind = 'AuthorizationPolicy' | 'RequestAuthentication';

/** What such an index is made of. */
export interface WorkloadPolicySources<K extends WorkloadPolicyKind> {
  /** Sorted by age. */
  readonly objects: readonly ConfigObject<K>[];
  readonly rootNamespace: string;
}

abstract class WorkloadPolicyTable<K extends WorkloadPolicyKind>
  implements WorkloadPolicyIndex<K>, Table<WorkloadPolicySources<K>>
{
  readonly sources: WorkloadPolicySources<K>;
  readonly #byNamespace: ReadonlyMap<string, readonly ConfigObject<K>[]>;
  readonly #lists: InternedLists<K>;

  constructor(sources: WorkloadPolicySources<K>, previous?: WorkloadPolicyTable<K>) {
    this.sources = sources;
    this.#byNamespace = byNamespace(sources.objects);
    this.#lists = new InternedLists(sources.objects, previous === undefined ? undefined : previous.#lists);
  }

  /** The namespaces that policies count of, in the order in which they do. */
  protected abstract namespaces(root: string, own: string): readonly string[];

  forWorkload(workload: PolicyWorkload): readonly ConfigObject<K>[] {
    const namespaces = new Set(this.namespaces(this.sources.rootNamespace, workload.namespace));
    return this.#lists.intern(
      [...namespaces].flatMap((namespace) =>
        (this.#byNamespace.get(namespace) ?? []).filter(({ spec }) => attachesTo(spec, namespace, workload)),
      ),
    );
  }
}

/** The index of all AuthorizationPolicies; those of the root namespace come first. */
export class AuthorizationPolicyTable extends WorkloadPolicyTable<'AuthorizationPolicy'> {
  protected override namespaces(root: string, own: string): readonly string[] {
    return [root, own];
  }
}

/** The index of all RequestAuthentications; those of the workload's namespace come first. */
export class RequestAuthenticationTable extends WorkloadPolicyTable<'RequestAuthentication'> {
  protected override namespaces(root: string, own: string): readonly string[] {
    return [own, root];
  }
}
