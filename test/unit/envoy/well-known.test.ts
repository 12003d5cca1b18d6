import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Duration, Struct } from '../../../src/envoy/messages.js';
import { fromJson, toJson } from '../../../src/envoy/json.js';
import { boolValue, duration, sortedMap, struct, timestamp, uint32 } from '../../../src/envoy/well-known.js';

describe('duration', () => {
  it.each([
    [0, { seconds: 0, nanos: 0 }],
    [100, { seconds: 0, nanos: 100_000_000 }],
    [10_000, { seconds: 10, nanos: 0 }],
    [1500.25, { seconds: 1, nanos: 500_250_000 }],
    [-1500, { seconds: -1, nanos: -500_000_000 }],
    [999.999_999_9, { seconds: 1 }],
  ])('of %d ms is %j', (milliseconds, expected) => {
    expect(duration(milliseconds)).toEqual(expected);
  });

  it('keeps whole milliseconds exactly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e12 }), (milliseconds) => {
        const { seconds, nanos } = Duration.decode(Duration.encode(duration(milliseconds)));
        expect(Number(seconds) * 1000 + nanos / 1e6).toBe(milliseconds);
      }),
    );
  });
});

describe('timestamp', () => {
  it('is whole seconds and the rest, also before the epoch', () => {
    expect(timestamp(1500)).toEqual({ seconds: 1, nanos: 500_000_000 });
    expect(timestamp(-1)).toEqual({ seconds: -1, nanos: 999_000_000 });
    expect(timestamp(Date.parse('2026-03-01T12:00:00Z'))).toEqual({ seconds: 1_772_366_400, nanos: 0 });
  });
});

describe('struct', () => {
  it('gives equal bytes whatever the order of the keys', () => {
    const one = struct({ b: { y: 1, x: [{ d: 1, c: 2 }] }, a: 'a' });
    const other = struct({ a: 'a', b: { x: [{ c: 2, d: 1 }], y: 1 } });
    expect(Struct.encode(one)).toEqual(Struct.encode(other));
  });

  it('leaves out undefined and keeps null', () => {
    expect(struct({ a: undefined, b: null })).toEqual({ fields: { b: { nullValue: 0 } } });
  });

  it('holds any JSON object', () => {
    const json = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }));
    fc.assert(
      fc.property(json, (object) => {
        const plain = JSON.parse(JSON.stringify(object)) as Record<string, never>;
        const bytes = Struct.encode(struct(plain));
        expect(toJson(Struct, Struct.decode(bytes))).toEqual(plain);
        expect(Struct.encode(fromJson(Struct, plain))).toEqual(bytes);
      }),
    );
  });
});

describe('sortedMap', () => {
  it('sorts by key', () => {
    expect(
      Object.keys(
        sortedMap([
          ['b', 1],
          ['a', 2],
          ['B', 3],
        ]),
      ),
    ).toEqual(['B', 'a', 'b']);
  });

  it('keeps a key that every object has', () => {
    expect(Object.hasOwn(sortedMap([['__proto__', 1]]), '__proto__')).toBe(true);
  });
});

describe('wrappers', () => {
  it('hold their value, defaults too', () => {
    expect([uint32(0), boolValue(false)]).toEqual([{ value: 0 }, { value: false }]);
  });
});
