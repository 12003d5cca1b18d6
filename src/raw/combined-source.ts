/**
 * A mesh and raw snapshots beside each other: a node that has a raw snapshot, or whose id is not one that the mesh
 * could serve, is given raw resources; every other node is the mesh's. It is decided when a stream opens.
 */
import type { NodeShape } from '../envoy/messages.js';
import type { ClientPeer, ResourceClient, ResourceSource } from '../xds/source.js';
import type { RawSource } from './raw-source.js';

/** Raw snapshots beside a mesh, or alone where there is none: then every node is given raw resources. */
export function combinedSource(mesh: ResourceSource | undefined, raw: RawSource): ResourceSource {
  return mesh === undefined ? raw : new CombinedSource(mesh, raw);
}

class CombinedSource implements ResourceSource {
  readonly #mesh: ResourceSource;
  readonly #raw: RawSource;

  constructor(mesh: ResourceSource, raw: RawSource) {
    this.#mesh = mesh;
    this.#raw = raw;
  }

  /** As the mesh is: of a node that is not known yet nobody can say that it will not be the mesh's. */
  ready(): boolean {
    return this.#mesh.ready();
  }

  attach(node: NodeShape, peer?: ClientPeer): ResourceClient {
    const nodeId = node.id ?? '';
    return this.#raw.has(nodeId) || !isMeshForm(nodeId)
      ? this.#raw.attach(node)
      : this.#mesh.attach(node, peer);
  }
}

/** `type~ip~name~domain` (Istio reference 8.2). Whether the parts are right is for the mesh to say. */
function isMeshForm(nodeId: string): boolean {
  return nodeId.split('~').length === 4;
}
