/** Messages inside `google.protobuf.Any`. */
import { findMessageType, type MessageType } from './message-type.js';
import { fullNameOf } from './type-urls.js';

/** An Any, to be put into another message. */
export interface PackedAny {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

/** An Any in any form: a shape, or one that was decoded. */
export interface AnyLike {
  readonly typeUrl?: string | undefined;
  readonly value?: Uint8Array | undefined;
}

/** What an Any held. */
export interface UnpackedAny {
  readonly type: MessageType;
  readonly message: object;
}

/** Encodes a message into an Any. */
export function packAny<S extends object, D extends S>(
  type: MessageType<S, D>,
  shape: NoInfer<S>,
): PackedAny {
  return { typeUrl: type.typeUrl, value: type.encode(shape) };
}

/**
 * The message in an Any if it is of this type, otherwise undefined.
 * @throws when it is, but its bytes cannot be decoded
 */
export function unpackAny<S extends object, D extends S>(
  type: MessageType<S, D>,
  any: AnyLike,
): D | undefined {
  if (fullNameOf(any.typeUrl ?? '') !== type.fullName) return undefined;
  return type.decode(any.value ?? noBytes);
}

/**
 * The message in an Any, whatever it is; undefined for a type that is not generated.
 * @throws when its bytes cannot be decoded
 */
export function unpackAnyMessage(any: AnyLike): UnpackedAny | undefined {
  const type = findMessageType(fullNameOf(any.typeUrl ?? ''));
  return type === undefined ? undefined : { type, message: type.decode(any.value ?? noBytes) };
}

const noBytes = new Uint8Array(0);
