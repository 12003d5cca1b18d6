/** Arbitrary messages of any type, for property tests: made from what protobufjs knows of the type. */
import fc, { type Arbitrary } from 'fast-check';
import protobuf, { type Field, type Type } from 'protobufjs/light.js';

const text = fc.string({ unit: 'grapheme', maxLength: 8 });
const nanos = fc.integer({ min: 0, max: 999_999_999 });
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);

/** A shape of a message whose messages nest at most this deep. */
export function arbitraryMessage(type: Type, depth = 3): Arbitrary<object> {
  const known = wellKnown[type.fullName];
  if (known !== undefined) return known;
  const plain = type.fieldsArray.filter((field) => field.partOf === null);
  const chosen = type.oneofsArray.map((oneof) =>
    fc.oneof(fc.constant({}), ...oneof.fieldsArray.flatMap((field) => oneField(field, depth) ?? [])),
  );
  const fields = plain.flatMap((field) => {
    const arbitrary = oneField(field, depth);
    return arbitrary === undefined ? [] : [fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, arbitrary)];
  });
  return fc.tuple(...fields, ...chosen).map((parts) => Object.assign({}, ...parts) as object);
}

function oneField(field: Field, depth: number): Arbitrary<object> | undefined {
  const single = oneValue(field.resolve(), depth);
  if (single === undefined) return undefined;
  const value = field.map
    ? fc.dictionary(text, single, { maxKeys: 2 }).map(sorted)
    : field.repeated
      ? fc.array(single, { maxLength: 2 })
      : single;
  return value.map((made) => ({ [field.name]: made }));
}

function oneValue({ resolvedType, type }: Field, depth: number): Arbitrary<unknown> | undefined {
  if (resolvedType instanceof protobuf.Type)
    return depth === 0 ? undefined : arbitraryMessage(resolvedType, depth - 1);
  if (resolvedType instanceof protobuf.Enum)
    return fc.constantFrom(...Object.values(resolvedType.values), 12_345);
  return scalars[type];
}

function sorted<T>(map: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function int64(unsigned: boolean): Arbitrary<object> {
  const range = unsigned ? { min: 0n, max: 2n ** 64n - 1n } : { min: -(2n ** 63n), max: 2n ** 63n - 1n };
  return fc.bigInt(range).map((value) => ({
    low: Number(BigInt.asIntN(32, value)),
    high: Number(BigInt.asIntN(32, value >> 32n)),
    unsigned,
  }));
}

const scalars: Readonly<Record<string, Arbitrary<unknown>>> = {
  string: text,
  bool: fc.boolean(),
  bytes: fc.uint8Array({ maxLength: 8 }),
  double: fc.double().map((value) => value + 0),
  float: fc.float().map((value) => value + 0),
  int32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  uint32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  int64: int64(false),
  uint64: int64(true),
};

const jsonValue: Arbitrary<object> = fc.letrec<{ value: object }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    fc.constant({ nullValue: 0 }),
    fc.boolean().map((boolValue) => ({ boolValue })),
    text.map((stringValue) => ({ stringValue })),
    finite.map((numberValue) => ({ numberValue })),
    fc.array(tie('value'), { maxLength: 2 }).map((values) => ({ listValue: { values } })),
    fc
      .dictionary(text, tie('value'), { maxKeys: 2 })
      .map((fields) => ({ structValue: { fields: sorted(fields) } })),
  ),
})).value;

function wrapper(type: string): Arbitrary<object> {
  return (scalars[type] ?? fc.constant(undefined)).map((value) => ({ value }));
}

const wellKnown: Readonly<Record<string, Arbitrary<object>>> = {
  '.google.protobuf.Any': fc
    .uint8Array({ maxLength: 8 })
    .map((value) => ({ typeUrl: 'example.org/of.NoType', value })),
  '.google.protobuf.Duration': fc
    .record({ seconds: fc.integer({ min: 0, max: 315_576_000_000 }), nanos, sign: fc.constantFrom(1, -1) })
    .map(({ seconds, nanos, sign }) => ({ seconds: seconds * sign + 0, nanos: nanos * sign + 0 })),
  '.google.protobuf.Timestamp': fc.record({
    seconds: fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }),
    nanos,
  }),
  '.google.protobuf.Struct': fc
    .dictionary(text, jsonValue, { maxKeys: 2 })
    .map((fields) => ({ fields: sorted(fields) })),
  '.google.protobuf.Value': jsonValue,
  '.google.protobuf.DoubleValue': wrapper('double'),
  '.google.protobuf.FloatValue': wrapper('float'),
  '.google.protobuf.Int64Value': wrapper('int64'),
  '.google.protobuf.UInt64Value': wrapper('uint64'),
  '.google.protobuf.UInt32Value': wrapper('uint32'),
  '.google.protobuf.BoolValue': wrapper('bool'),
  '.google.protobuf.StringValue': wrapper('string'),
  '.google.protobuf.BytesValue': wrapper('bytes'),
};
