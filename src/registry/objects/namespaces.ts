/** What registries take from Namespace objects: whether a namespace counts, and what its services inherit. */
import { selectorMatches } from '../../config/label-selector.js';
import type { LabelSelector } from '../../config/mesh-config.js';
import type { ConfigObject } from '../../config/object.js';
import type { Labels } from '../../model/labels.js';
import { noLabels } from '../../model/labels.js';
import { networkLabel } from '../../model/workload-labels.js';
import { trafficDistributionAnnotation } from './traffic-distribution.js';

/** What of a namespace matters to the objects in it; two of them are compared to see what an edit changed. */
export interface NamespaceFacts {
  /** Whether discovery selectors let its objects in (Istio reference 2.11). */
  readonly selected: boolean;
  readonly trafficDistribution: string | undefined;
  /** Network that the cluster is on when this is its root namespace. */
  readonly network: string;
}

/** The Namespace objects of one cluster. They are all known, whatever discovery selectors say. */
export class NamespaceTable {
  readonly #objects = new Map<string, ConfigObject<'Namespace'>>();
  #selectors: readonly LabelSelector[] = [];

  /** Sets `meshConfig.discoverySelectors`; an empty list selects every namespace. */
  select(selectors: readonly LabelSelector[]): void {
    this.#selectors = selectors;
  }

  /** Takes in a Namespace, or its end. */
  set(name: string, object: ConfigObject<'Namespace'> | undefined): void {
    if (object === undefined) this.#objects.delete(name);
    else this.#objects.set(name, object);
  }

  /**
   * Whether objects of a namespace count. With selectors, a namespace that has no object of its own has no labels
   * that could be selected, so it does not count.
   */
  selected(name: string): boolean {
    if (this.#selectors.length === 0) return true;
    const object = this.#objects.get(name);
    return (
      object !== undefined &&
      this.#selectors.some((selector) => selectorMatches(selector, object.metadata.labels))
    );
  }

  /** Annotations of a namespace, which its services inherit some of. */
  annotations(name: string): Labels {
    return this.#objects.get(name)?.metadata.annotations ?? noLabels;
  }

  /** The network that a namespace's label names; empty when it names none. */
  network(name: string): string {
    return this.#objects.get(name)?.metadata.labels[networkLabel] ?? '';
  }

  /** What of a namespace matters at present. */
  facts(name: string): NamespaceFacts {
    return {
      selected: this.selected(name),
      trafficDistribution: this.annotations(name)[trafficDistributionAnnotation],
      network: this.network(name),
    };
  }
}
