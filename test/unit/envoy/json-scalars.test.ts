import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bigIntOf,
  int64Of,
  mapKeyFromJson,
  scalarFromJson,
  scalarToJson,
} from '../../../src/envoy/json-scalars.js';
import {
  durationFromJson,
  durationToJson,
  timestampFromJson,
  timestampToJson,
} from '../../../src/envoy/json-time.js';

describe('scalars in JSON', () => {
  it('writes a 32-bit float with the fewest digits that give it back', () => {
    expect(scalarToJson('float', Math.fround(0.1))).toBe(0.1);
    expect(scalarToJson('float', Math.fround(3.4028234663852886e38))).toBe(3.4028235e38);
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Math.fround(Number(scalarToJson('float', value)))).toBe(value);
      }),
    );
  });

  it('keeps every 64-bit integer exactly', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        expect(bigIntOf(int64Of(value, false))).toBe(value);
        expect(bigIntOf(scalarFromJson('int64', scalarToJson('int64', int64Of(value, false))))).toBe(value);
      }),
    );
    expect(bigIntOf(int64Of(2n ** 64n - 1n, true))).toBe(2n ** 64n - 1n);
  });

  it('refuses a value out of range or of another kind', () => {
    expect(() => scalarFromJson('int32', 2 ** 31)).toThrow('out of range for int32');
    expect(() => scalarFromJson('uint64', '18446744073709551616')).toThrow('out of range for uint64');
    expect(() => scalarFromJson('int64', '1e3')).toThrow('a whole number');
    expect(() => scalarFromJson('double', 'one')).toThrow('a number was expected');
    expect(() => scalarFromJson('string', 1)).toThrow('a string was expected');
    expect(() => scalarFromJson('bool', 'true')).toThrow('true or false');
    expect(() => scalarFromJson('bytes', '*')).toThrow('a base64 string');
  });

  it('reads base64 of either alphabet, and floats that JSON has no number for', () => {
    expect(scalarFromJson('bytes', '-_8')).toEqual(Buffer.from([251, 255]));
    expect(scalarFromJson('bytes', '+/8=')).toEqual(Buffer.from([251, 255]));
    expect(scalarFromJson('double', 'NaN')).toBeNaN();
    expect(scalarFromJson('double', '-Infinity')).toBe(-Infinity);
    expect(scalarFromJson('double', '1e3')).toBe(1000);
  });

  it('brings map keys into one form', () => {
    expect(mapKeyFromJson('int32', '007')).toBe('7');
    expect(mapKeyFromJson('bool', 'true')).toBe('true');
    expect(() => mapKeyFromJson('bool', '1')).toThrow('true or false');
  });
});

describe('times in JSON', () => {
  it.each([
    [{ seconds: 1_767_323_045, nanos: 600_000_000 }, '2026-01-02T03:04:05.600Z'],
    [{ seconds: -1, nanos: 1 }, '1969-12-31T23:59:59.000000001Z'],
    [{}, '1970-01-01T00:00:00Z'],
  ])('writes and reads the timestamp %j as %s', (timestamp, json) => {
    expect(timestampToJson(timestamp)).toBe(json);
    expect(timestampToJson(timestampFromJson(json))).toBe(json);
  });

  it('reads a timestamp with an offset', () => {
    expect(timestampFromJson('2026-01-02T04:04:05+01:00')).toEqual({ seconds: 1_767_323_045, nanos: 0 });
    expect(() => timestampFromJson('2026-01-02')).toThrow('a time such as');
  });

  it('reads a duration with any number of digits and refuses one that is too long', () => {
    expect(durationToJson(durationFromJson('1.5s'))).toBe('1.500s');
    expect(durationToJson(durationFromJson('-0.000001s'))).toBe('-0.000001s');
    expect(() => durationFromJson('315576000001s')).toThrow('out of range');
    expect(() => durationFromJson('1m')).toThrow('a duration such as');
  });
});
