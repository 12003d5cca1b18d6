/**
 * A source of raw snapshots: for each node the resources that it is to be given, by type, under versions that
 * whoever gives them chooses. Resources need not fit together; nothing is derived, added or held back. For tests
 * of the protocol by suites that bring their own resources; a mesh is not needed.
 */
import type { Piecewise } from '../base/piecewise.js';
import type { NodeShape } from '../envoy/messages.js';
import { encodedResource, type EncodedResource } from '../envoy/resource.js';
import { typeUrls } from '../envoy/type-urls.js';
import type { ResourceClient, ResourceSet, ResourceSource, Subscription } from '../xds/source.js';

/** One resource: its name, the bytes of its message, and for how many milliseconds it holds if not for ever. */
export interface RawResource {
  readonly name: string;
  readonly body: Uint8Array;
  readonly ttl?: number;
}

/** The resources of one type, each name once, and the version that clients are told. */
export interface RawType {
  /** Never empty. Says nothing of what changed: that is seen by the content. */
  readonly version: string;
  readonly resources: readonly RawResource[];
}

/** Everything that a node is given, by type URL. A type that is not there has no resources. */
export type RawSnapshot = ReadonlyMap<string, RawType>;

/** Types that are served from the start; others are from the first snapshot of any node that names them. */
const usualTypes: readonly string[] = [
  typeUrls.cds,
  typeUrls.eds,
  typeUrls.lds,
  typeUrls.rds,
  typeUrls.sds,
  typeUrls.ecds,
];

/** Types of which no names at all mean everything (xDS protocol: only clusters and listeners). */
const wildcardTypes: ReadonlySet<string> = new Set([typeUrls.cds, typeUrls.lds]);

/** Serves to every node its own snapshot, and nothing to a node that has none. Any id is accepted. */
export class RawSource implements ResourceSource {
  readonly #nodes = new Map<string, ReadonlyMap<string, TypeSets>>();
  readonly #types = new Set(usualTypes);

  /** Whether a node has a snapshot. */
  has(nodeId: string): boolean {
    return this.#nodes.has(nodeId);
  }

  /**
   * From now on a node is given this snapshot and nothing of the one before. What has the same content as before
   * stays the same, whatever the version says.
   * @returns the types whose resources are others than before.
   */
  set(nodeId: string, snapshot: RawSnapshot): ReadonlySet<string> {
    const before = this.#nodes.get(nodeId);
    const now = new Map<string, TypeSets>();
    for (const [typeUrl, type] of snapshot) {
      this.#types.add(typeUrl);
      now.set(typeUrl, nextSets(typeUrl, type, before?.get(typeUrl)));
    }
    this.#nodes.set(nodeId, now);
    return changedTypes(before, now);
  }

  /** From now on a node has no snapshot. @returns the types of which it had resources. */
  clear(nodeId: string): ReadonlySet<string> {
    const before = this.#nodes.get(nodeId);
    this.#nodes.delete(nodeId);
    return changedTypes(before, new Map());
  }

  ready(): boolean {
    return true;
  }

  attach(node: NodeShape): ResourceClient {
    const nodeId = node.id ?? '';
    return {
      label: nodeId,
      description: { nodeId, dialect: 'raw' },
      serves: (typeUrl) => this.#types.has(typeUrl),
      isWildcardType: (typeUrl) => wildcardTypes.has(typeUrl),
      resources: (typeUrl, subscription) =>
        (this.#nodes.get(nodeId)?.get(typeUrl) ?? noSets).answer(subscription),
    };
  }
}

/** How many resources are looked at in one piece of work. */
const pieceSize = 1000;

/** The resources of one type of one node at one moment, and the subsets of them that were asked for. */
class TypeSets {
  readonly all: ResourceSet;
  /** By the very set of names: whoever subscribes keeps it as long as nothing about it changes. */
  readonly #subsets = new WeakMap<ReadonlySet<string>, ResourceSet>();

  constructor(all: ResourceSet) {
    this.all = all;
  }

  *answer({ wildcard, names }: Subscription): Piecewise<ResourceSet> {
    if (wildcard) return this.all;
    const known = this.#subsets.get(names);
    if (known !== undefined) return known;
    const resources: EncodedResource[] = [];
    for (const [index, resource] of this.all.resources.entries()) {
      if (names.has(resource.name)) resources.push(resource);
      if (index % pieceSize === pieceSize - 1) yield;
    }
    const subset = this.#subsets.get(names) ?? { version: this.all.version, resources };
    this.#subsets.set(names, subset);
    return subset;
  }
}

const noSets = new TypeSets({ version: 'empty', resources: [] });

/** The sets of a type, with the resources of the sets before wherever the content is the same. */
function nextSets(typeUrl: string, { version, resources }: RawType, before: TypeSets | undefined): TypeSets {
  const known = new Map(before?.all.resources.map((resource) => [resource.name, resource]));
  const next = resources.map((resource) => nextResource(typeUrl, resource, known.get(resource.name)));
  const same = before !== undefined && sameResources(before.all.resources, next);
  if (same && before.all.version === version) return before;
  return new TypeSets({ version, resources: same ? before.all.resources : next });
}

function nextResource(
  typeUrl: string,
  { name, body, ttl }: RawResource,
  before: EncodedResource | undefined,
): EncodedResource {
  if (before !== undefined && before.ttl === ttl && before.body.equals(body)) return before;
  return { ...encodedResource(name, typeUrl, Buffer.from(body)), ...(ttl !== undefined && { ttl }) };
}

function sameResources(before: readonly EncodedResource[], now: readonly EncodedResource[]): boolean {
  return before.length === now.length && now.every((resource, index) => resource === before[index]);
}

function changedTypes(
  before: ReadonlyMap<string, TypeSets> | undefined,
  now: ReadonlyMap<string, TypeSets>,
): ReadonlySet<string> {
  const changed = new Set<string>();
  for (const typeUrl of new Set([...(before?.keys() ?? []), ...now.keys()])) {
    const was = before?.get(typeUrl)?.all.resources ?? [];
    const is = now.get(typeUrl)?.all.resources ?? [];
    if (was !== is && !sameResources(was, is)) changed.add(typeUrl);
  }
  return changed;
}
