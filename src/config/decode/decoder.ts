/**
 * What all decoders share. A decoder turns a JSON value, as YAML gives it, into a typed one in the manner of proto
 * JSON. It never throws: what is wrong goes to the cursor, and the type's zero value is given instead, so that the
 * rest of the document is looked at too. A document with an error is refused, so no such stand-in is ever used.
 */
import { Cursor } from './cursor.js';

/** Decodes values of one type. */
export interface Decoder<T> {
  /** What an absent field of this type holds. */
  readonly zero: T;
  /** Decodes a value that is there. `null` counts as absent and does not get here, except as an item of a list. */
  decode(value: unknown, at: Cursor): T;
}

/** A field whose absence is kept. */
export interface OptionalField<T> {
  readonly optional: Decoder<T | undefined>;
  /** The zero value counts as absent. */
  readonly unlessZero: boolean;
}

/** A field that has presence in proto: a message, a wrapper, a member of a oneof. It is left out when absent. */
export function optional<T>(decoder: Decoder<T | undefined>): OptionalField<T> {
  return { optional: decoder, unlessZero: false };
}

/**
 * A field without presence in proto: a bare scalar, enumeration, list or map, for which absent and zero are one
 * and the same. It is left out in both cases.
 */
export function unlessZero<T>(decoder: Decoder<T | undefined>): OptionalField<T> {
  return { optional: decoder, unlessZero: true };
}

/**
 * A decoder whose result is made into something else. `convert` may report what is wrong with the value; it is also
 * asked once for the zero value, where reports go nowhere.
 */
export function mapped<A, B>(decoder: Decoder<A>, convert: (value: A, at: Cursor) => B): Decoder<B> {
  return {
    zero: convert(decoder.zero, Cursor.root()),
    decode: (value, at) => convert(decoder.decode(value, at), at),
  };
}
