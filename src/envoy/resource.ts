/** Encoded resources: what a push is put together from. Made once, sent to every proxy that sees the same thing. */
import { createHash } from 'node:crypto';
import { stringField, varint } from './wire.js';

export interface EncodedResource {
  readonly name: string;
  readonly typeUrl: string;
  /** Derived from the content alone: the same on every replica and after a restart. */
  readonly version: string;
  /** The message's bytes (what stands in the `value` of its Any). */
  readonly body: Buffer;
  /**
   * The resource as it stands in a delta response: field 2, with version, name and, last, the resource as an Any. The
   * one place where the bytes are kept; `body` and `anyField` are windows on it.
   */
  readonly deltaField: Buffer;
  /** The resource as field 2: as which it stands in a `Resource` and also in a state-of-the-world response. */
  readonly anyField: Buffer;
  /** It says that nothing is known of the name, so that the client need not wait for it. */
  readonly placeholder?: true;
  /** How long a client that knows times to live may use it without hearing of it again, in milliseconds. */
  readonly ttl?: number;
}

const deltaResourcesTag = 0x12; // DeltaDiscoveryResponse.resources = 2
const resourceVersionTag = 0x0a; // Resource.version = 1
const resourceAnyTag = 0x12; // Resource.resource = 2, and DiscoveryResponse.resources = 2
const resourceNameTag = 0x1a; // Resource.name = 3
const anyTypeUrlTag = 0x0a; // Any.type_url = 1
const anyValueTag = 0x12; // Any.value = 2

/** Puts a name, a type and a version to a message's bytes, which are copied. */
export function encodedResource(name: string, typeUrl: string, body: Uint8Array): EncodedResource {
  const version = createHash('sha256').update(body).digest('base64url').slice(0, 16);
  const head = Buffer.concat([stringField(resourceVersionTag, version), stringField(resourceNameTag, name)]);
  const anyHead = Buffer.concat([
    stringField(anyTypeUrlTag, typeUrl),
    Buffer.from([anyValueTag]),
    varint(body.length),
  ]);
  const anyStart = Buffer.concat([
    Buffer.from([resourceAnyTag]),
    varint(anyHead.length + body.length),
    anyHead,
  ]);
  const length = head.length + anyStart.length + body.length;
  const deltaField = lasting([Buffer.from([deltaResourcesTag]), varint(length), head, anyStart, body]);
  const anyAt = deltaField.length - length + head.length;
  return {
    name,
    typeUrl,
    version,
    body: deltaField.subarray(anyAt + anyStart.length),
    deltaField,
    anyField: deltaField.subarray(anyAt),
  };
}

/** In memory of its own: what lives long in memory that is shared with others would keep theirs from being freed. */
function lasting(parts: readonly Uint8Array[]): Buffer {
  const all = Buffer.allocUnsafeSlow(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** An empty resource that stands for one of which nothing is known. */
export function placeholder(resource: EncodedResource): EncodedResource {
  return { ...resource, placeholder: true };
}
