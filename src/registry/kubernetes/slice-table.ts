/** The EndpointSlices of a cluster, found by Service and by the pods and addresses that they name. */
import { compareStrings } from '../../base/compare.js';
import type { ConfigObject } from '../../config/object.js';
import { MultiMap } from '../objects/multi-map.js';
import { podOfEndpoint, serviceNameOfSlice } from './convert-endpoint-slice.js';
import { namespacedKey } from './pod-table.js';

interface Slice {
  readonly object: ConfigObject<'EndpointSlice'>;
  /** Key of the Service that it belongs to. */
  readonly service: string;
  /** Keys of the pods that its endpoints name. */
  readonly pods: ReadonlySet<string>;
  /** `namespacedKey(namespace, address)` of its endpoints that name no pod. */
  readonly addresses: ReadonlySet<string>;
}

/** All slices that belong to a Service. */
export class SliceTable {
  readonly #slices = new Map<string, Slice>();
  readonly #byService = new MultiMap<string, string>();
  readonly #byPod = new MultiMap<string, string>();
  readonly #byAddress = new MultiMap<string, string>();

  /** Takes in a slice, or its end; one that belongs to no Service has ended. */
  set(key: string, object: ConfigObject<'EndpointSlice'> | undefined): void {
    const before = this.#slices.get(key);
    if (before !== undefined) this.#forget(key, before);
    const slice = object === undefined ? undefined : describeSlice(object);
    if (slice === undefined) return;
    this.#slices.set(key, slice);
    this.#byService.add(slice.service, key);
    for (const pod of slice.pods) this.#byPod.add(pod, key);
    for (const address of slice.addresses) this.#byAddress.add(address, key);
  }

  #forget(key: string, slice: Slice): void {
    this.#slices.delete(key);
    this.#byService.delete(slice.service, key);
    for (const pod of slice.pods) this.#byPod.delete(pod, key);
    for (const address of slice.addresses) this.#byAddress.delete(address, key);
  }

  /** The slice of a key. */
  get(key: string): ConfigObject<'EndpointSlice'> | undefined {
    return this.#slices.get(key)?.object;
  }

  /** Key of the Service of a slice. */
  serviceOf(key: string): string | undefined {
    return this.#slices.get(key)?.service;
  }

  /** Keys of all slices. */
  keys(): Iterable<string> {
    return this.#slices.keys();
  }

  /** Keys of the slices of a Service, by name: Istio has them in any order, which would change from answer to answer. */
  ofService(service: string): readonly string[] {
    return [...this.#byService.get(service)].sort(compareStrings);
  }

  /** Keys of the slices that name a pod. */
  namingPod(pod: string): Iterable<string> {
    return this.#byPod.get(pod);
  }

  /** Keys of the slices of a namespace that have an address for which they name no pod. */
  atAddress(namespace: string, address: string): Iterable<string> {
    return this.#byAddress.get(namespacedKey(namespace, address));
  }
}

function describeSlice(object: ConfigObject<'EndpointSlice'>): Slice | undefined {
  const name = serviceNameOfSlice(object);
  if (name === undefined) return undefined;
  const { namespace } = object.metadata;
  const pods = new Set<string>();
  const addresses = new Set<string>();
  for (const endpoint of object.spec.endpoints) {
    const pod = podOfEndpoint(endpoint);
    if (pod !== undefined) pods.add(namespacedKey(pod.namespace, pod.name));
    else for (const address of endpoint.addresses) addresses.add(namespacedKey(namespace, address));
  }
  return { object, service: namespacedKey(namespace, name), pods, addresses };
}
