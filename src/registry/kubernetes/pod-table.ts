/** The pods of a cluster, found by name, by address and by node (Istio reference 2.9). */
import { compareStrings } from '../../base/compare.js';
import type { ConfigObject } from '../../config/object.js';
import { MultiMap } from '../objects/multi-map.js';
import { isKnownPod, isReadyPod } from './convert-pod.js';

/** Identity of a namespaced object of one kind. */
export function namespacedKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** All pods that Kubernetes still runs. */
export class PodTable {
  readonly #pods = new Map<string, ConfigObject<'Pod'>>();
  /** Keys of ready pods by namespace and address. */
  readonly #ready = new MultiMap<string, string>();
  readonly #byNode = new MultiMap<string, string>();

  /** Takes in a pod, or its end; a pod that failed has ended. */
  set(key: string, pod: ConfigObject<'Pod'> | undefined): void {
    const before = this.#pods.get(key);
    if (before !== undefined) {
      this.#ready.delete(namespacedKey(before.metadata.namespace, before.spec.podIP), key);
      this.#byNode.delete(before.spec.nodeName, key);
    }
    if (pod === undefined || !isKnownPod(pod)) {
      this.#pods.delete(key);
      return;
    }
    this.#pods.set(key, pod);
    this.#byNode.add(pod.spec.nodeName, key);
    if (isReadyPod(pod)) this.#ready.add(namespacedKey(pod.metadata.namespace, pod.spec.podIP), key);
  }

  /** The pod of a key. */
  get(key: string): ConfigObject<'Pod'> | undefined {
    return this.#pods.get(key);
  }

  /** Keys of all pods. */
  keys(): Iterable<string> {
    return this.#pods.keys();
  }

  /** The ready pod of a namespace that has an address; of several on the host's network, the first by name. */
  atAddress(namespace: string, address: string): ConfigObject<'Pod'> | undefined {
    const [key] = [...this.#ready.get(namespacedKey(namespace, address))].sort(compareStrings);
    return key === undefined ? undefined : this.#pods.get(key);
  }

  /** Keys of the pods of a node. */
  onNode(node: string): Iterable<string> {
    return this.#byNode.get(node);
  }
}
