/** A source of raw resources for tests of the protocol: what is set is served, to every node alike. */
import { encodedResource, type EncodedResource } from '../../src/envoy/resource.js';
import { isFullSetType } from '../../src/xds/push-order.js';
import type { ResourceClient, ResourceSet, ResourceSource, Subscription } from '../../src/xds/source.js';
import type { NodeShape } from '../../src/envoy/messages.js';

export class RawSource implements ResourceSource {
  readonly #types = new Map<string, Map<string, EncodedResource>>();
  isReady = true;

  constructor(types: readonly string[]) {
    for (const type of types) this.#types.set(type, new Map());
  }

  set(typeUrl: string, name: string, content: string): void {
    this.#types.get(typeUrl)?.set(name, encodedResource(name, typeUrl, Buffer.from(content)));
  }

  remove(typeUrl: string, name: string): void {
    this.#types.get(typeUrl)?.delete(name);
  }

  ready(): boolean {
    return this.isReady;
  }

  attach(node: NodeShape): ResourceClient {
    return {
      label: node.id ?? '',
      description: {},
      isWildcardType: isFullSetType,
      resources: (typeUrl, subscription) => this.#resources(typeUrl, subscription),
    };
  }

  #resources(typeUrl: string, { wildcard, names }: Subscription): ResourceSet | undefined {
    const known = this.#types.get(typeUrl);
    if (known === undefined) return undefined;
    const resources = [...known.values()].filter(({ name }) => wildcard || names.has(name));
    return {
      version: resources.map(({ name, version }) => `${name}:${version}`).join(',') || 'empty',
      resources,
    };
  }
}
