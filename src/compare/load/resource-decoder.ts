/** Decodes resources; what several proxies are served alike is decoded, and later compared, once. */
import { createHash } from 'node:crypto';
import type { Unknown } from '../../envoy/json-canonical.js';
import { decodeLosslessly } from '../../envoy/json-lossless.js';
import type { JsonObject } from '../../envoy/json-value.js';

/** A resource, and what is not known in it. */
export interface DecodedResource {
  readonly json: JsonObject;
  readonly unknown: readonly Unknown[];
}

/** Remembers every resource by its bytes; equal bytes give the same object. */
export class ResourceDecoder {
  readonly #known = new Map<string, DecodedResource>();

  /** @throws when the bytes cannot be decoded as the type that the URL names */
  decode(typeUrl: string, bytes: Uint8Array): DecodedResource {
    const key = createHash('sha256').update(typeUrl).update('\0').update(bytes).digest('base64');
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const unknown: Unknown[] = [];
    const decoded = { json: decodeLosslessly(typeUrl, bytes, (one) => unknown.push(one)), unknown };
    this.#known.set(key, decoded);
    return decoded;
  }
}
