/** Encoded resources: what a push is put together from. Made once, sent to every proxy that sees the same thing. */
import { createHash } from 'node:crypto';

export interface EncodedResource {
  readonly name: string;
  readonly typeUrl: string;
  /** Derived from the content alone: the same on every replica and after a restart. */
  readonly version: string;
  /** The message's bytes (what stands in the `value` of its Any). */
  readonly body: Buffer;
}

/** Puts a name, a type and a version to a message's bytes. */
export function encodedResource(name: string, typeUrl: string, body: Buffer): EncodedResource {
  return { name, typeUrl, version: createHash('sha256').update(body).digest('base64url').slice(0, 16), body };
}
