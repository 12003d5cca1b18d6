/**
 * DiscoveryResponses as bytes, put together from resources that are encoded already: the head (version, type,
 * nonce) is encoded for each response, the resources' frames once for all.
 */
import type { EncodedResource } from '../envoy/resource.js';

const versionTag = 0x0a; // version_info = 1
const resourceTag = 0x12; // resources = 2
const typeUrlTag = 0x22; // type_url = 4
const nonceTag = 0x2a; // nonce = 5
const anyTypeUrlTag = 0x0a; // Any.type_url = 1
const anyValueTag = 0x12; // Any.value = 2

/** What a response holds beside its resources. */
export interface ResponseHead {
  readonly typeUrl: string;
  readonly versionInfo: string;
  readonly nonce: string;
}

const frames = new WeakMap<EncodedResource, Buffer>();

/** The bytes of a DiscoveryResponse. */
export function encodeResponse(head: ResponseHead, resources: readonly EncodedResource[]): Buffer {
  return Buffer.concat([
    stringField(versionTag, head.versionInfo),
    ...resources.map(resourceFrame),
    stringField(typeUrlTag, head.typeUrl),
    stringField(nonceTag, head.nonce),
  ]);
}

/** One `resources` field: tag, length and Any; made once for each resource. */
function resourceFrame(resource: EncodedResource): Buffer {
  const known = frames.get(resource);
  if (known !== undefined) return known;
  const any = [
    stringField(anyTypeUrlTag, resource.typeUrl),
    Buffer.from([anyValueTag]),
    varint(resource.body.length),
    resource.body,
  ];
  const length = any.reduce((sum, part) => sum + part.length, 0);
  const frame = Buffer.concat([Buffer.from([resourceTag]), varint(length), ...any]);
  frames.set(resource, frame);
  return frame;
}

function stringField(tag: number, value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([Buffer.from([tag]), varint(bytes.length), bytes]);
}

/** An unsigned integer below 2^31 in protobuf's variable-length form. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}
