/** A node of the wire as the mesh reads it: the seam between the two. */
import { toJson } from './envoy/json.js';
import { Node, type NodeShape } from './envoy/messages.js';
import type { NodeDescription } from './mesh/node.js';

/** A node is asked for by every check of its stream. */
const known = new WeakMap<NodeShape, NodeDescription>();

/** A node as plain JSON values; the same object for the same node, which is not to change. */
export function nodeDescription(node: NodeShape): NodeDescription {
  let description = known.get(node);
  if (description === undefined) {
    description = { id: '', ...(toJson(Node, node) as Partial<NodeDescription>) };
    known.set(node, description);
  }
  return description;
}
