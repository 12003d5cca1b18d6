/** Messages inside `google.protobuf.Any`. */
import type { MessageType } from './message-type.js';
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

const noBytes = new Uint8Array(0);
