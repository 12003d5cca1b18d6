/** Sets of resources with a version that depends on nothing but their content. */
import type { EncodedResource } from '../envoy/resource.js';
import type { ResourceSet } from '../xds/source.js';

/**
 * A set of these resources: `before` itself if it holds the very same ones.
 * The version is the sum of the resources' own versions, so that it is the same in any order and on every replica.
 */
export function resourceSet(resources: readonly EncodedResource[], before?: ResourceSet): ResourceSet {
  if (before !== undefined && sameResources(before.resources, resources)) return before;
  const sum = new Sum();
  for (const { version } of resources) sum.add(version);
  return { version: sum.text(), resources };
}

function sameResources(a: readonly EncodedResource[], b: readonly EncodedResource[]): boolean {
  return a.length === b.length && a.every((resource, index) => resource === b[index]);
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const values = new Uint8Array(128);
for (let value = 0; value < alphabet.length; value += 1) values[alphabet.charCodeAt(value)] = value;

/** The sum of base64url texts, in four lanes of 24 bits. */
class Sum {
  readonly #lanes = new Uint32Array(4);

  add(text: string): void {
    for (let lane = 0; lane < 4; lane += 1) {
      let value = 0;
      for (let at = lane * 4; at < lane * 4 + 4; at += 1)
        value = (value << 6) | (values[text.charCodeAt(at) & 0x7f] ?? 0);
      this.#lanes[lane] = ((this.#lanes[lane] ?? 0) + value) & 0xffffff;
    }
  }

  text(): string {
    const bytes = Buffer.alloc(12);
    this.#lanes.forEach((lane, index) => bytes.writeUIntBE(lane, index * 3, 3));
    return bytes.toString('base64url');
  }
}
