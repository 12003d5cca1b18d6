/** Encoded resources: what a push is put together from. Made once, sent to every proxy that sees the same thing. */
import { hash } from 'node:crypto';
import { FieldWriter, fieldLength } from './wire.js';

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
  const version = hash('sha256', body, 'base64url').slice(0, 16);
  const anyLength = fieldLength(Buffer.byteLength(typeUrl)) + fieldLength(body.length);
  const length = fieldLength(version.length) + fieldLength(Buffer.byteLength(name)) + fieldLength(anyLength);
  // Memory of its own: what lives long in memory that is shared with others would keep theirs from being freed.
  const deltaField = Buffer.allocUnsafeSlow(fieldLength(length));
  const writer = new FieldWriter(deltaField);
  writer.head(deltaResourcesTag, length);
  writer.text(resourceVersionTag, version);
  writer.text(resourceNameTag, name);
  const anyAt = writer.at;
  writer.head(resourceAnyTag, anyLength);
  writer.text(anyTypeUrlTag, typeUrl);
  writer.head(anyValueTag, body.length);
  const bodyAt = writer.at;
  deltaField.set(body, bodyAt);
  return {
    name,
    typeUrl,
    version,
    body: deltaField.subarray(bodyAt),
    deltaField,
    anyField: deltaField.subarray(anyAt),
  };
}

/** An empty resource that stands for one of which nothing is known. */
export function placeholder(resource: EncodedResource): EncodedResource {
  return { ...resource, placeholder: true };
}
