import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DeltaDiscoveryResponse, DiscoveryResponse } from '../../../src/envoy/messages.js';
import { encodedResource } from '../../../src/envoy/resource.js';

/** Contents whose lengths are around those at which a length takes another byte. */
const body = fc
  .tuple(fc.constantFrom(0, 1, 40, 127, 128, 16_300, 16_384, 70_000), fc.nat(90))
  .map(([size, more]) => Buffer.alloc(size + more, 'x'));
const text = fc.string({ unit: 'grapheme', maxLength: 200 });

describe('an encoded resource', () => {
  test('stands in responses of both variants as it was given', () => {
    fc.assert(
      fc.property(text, text, body, (name, typeUrl, value) => {
        const made = encodedResource(name, typeUrl, value);
        expect(made.body.equals(value)).toBe(true);
        const [delta] = DeltaDiscoveryResponse.decode(made.deltaField).resources;
        expect([delta?.name, delta?.version]).toEqual([name, made.version]);
        const [whole] = DiscoveryResponse.decode(made.anyField).resources;
        for (const any of [delta?.resource, whole]) {
          expect(any?.typeUrl).toBe(typeUrl);
          expect(any !== null && any !== undefined && value.equals(any.value)).toBe(true);
        }
      }),
    );
  });

  test('has a version that is made of its content alone', () => {
    const value = Buffer.from('content');
    const expected = createHash('sha256').update(value).digest('base64url').slice(0, 16);
    expect(encodedResource('one', 'type', value).version).toBe(expected);
    expect(encodedResource('other', 'type', value).version).toBe(expected);
  });
});
