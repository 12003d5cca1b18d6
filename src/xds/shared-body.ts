/**
 * Resources of a response as one piece of bytes. Many clients are sent the same resources at the same time: for these
 * the piece is put together once, and every client's connection reads from the same memory.
 */
import { BriefMemo } from '../base/brief-memo.js';
import type { EncodedResource } from '../envoy/resource.js';

/** As what a resource stands in a response: that of the state of the world, or that of the delta variant. */
export type ResourceField = 'anyField' | 'deltaField';

/** Bytes of pieces that are kept for the next client. */
const mostBytes = 16 * 1024 * 1024;

/** By the list of resources: the lists are those of sets and differences, which clients share too. */
const bodies = new BriefMemo<readonly EncodedResource[], { bytes: Buffer; field: ResourceField }>({
  most: mostBytes,
  weigh: ({ bytes }) => bytes.length,
});
const lengths = new BriefMemo<readonly EncodedResource[], { length: number; field: ResourceField }>({
  most: 256,
});

/** How many bytes resources have together. */
export function bodyLength(resources: readonly EncodedResource[], field: ResourceField): number {
  if (resources.length < 8) return sum(resources, field);
  const known = lengths.get(resources);
  if (known?.field === field) return known.length;
  const length = sum(resources, field);
  lengths.set(resources, { length, field });
  return length;
}

function sum(resources: readonly EncodedResource[], field: ResourceField): number {
  let length = 0;
  for (const resource of resources) length += resource[field].length;
  return length;
}

/** The resources one after the other. Not to be written to. */
export function sharedBody(resources: readonly EncodedResource[], field: ResourceField): Buffer {
  const known = bodies.get(resources);
  if (known?.field === field) return known.bytes;
  const bytes = Buffer.allocUnsafeSlow(bodyLength(resources, field));
  let at = 0;
  for (const resource of resources) {
    bytes.set(resource[field], at);
    at += resource[field].length;
  }
  bodies.set(resources, { bytes, field });
  return bytes;
}
