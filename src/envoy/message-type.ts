/** Handles of generated messages and enums: the one place that looks them up in protobufjs's reflection. */
import protobuf, { type NamespaceBase, type Type } from 'protobufjs/light.js';
import root, { type Enums, type Messages } from '../gen/xds.js';
import { PilotError } from '../base/errors.js';
import { typeUrlOfMessage } from './type-urls.js';

const noBytes = new Uint8Array(0);

/** Every message by its full name. protobufjs's own lookup takes parts of names too, and remembers each miss. */
const types: ReadonlyMap<string, Type> = addMessages(new Map(), root, '');

/** Full name of a generated message, such as `envoy.config.cluster.v3.Cluster`. */
export type MessageName = keyof Messages;

/** What may be encoded as a message: plain data whose fields are all optional, of each oneof at most one. */
export type Shape<Name extends MessageName> = Messages[Name]['shape'];

/**
 * What decoding gives: every field is there, at its default if it was not set; an unset message, or field of a
 * oneof, is null. It is a shape too, so it may be encoded again.
 */
export type Message<Name extends MessageName> = Messages[Name]['message'];

/**
 * One type of message. Nothing is looked up or compiled before the first use.
 *
 * Encoding is deterministic as far as its input is: map entries are written in the order of the object's keys, so
 * whoever builds a map inserts its keys sorted (`struct` and `sortedMap` of well-known.ts do).
 */
export class MessageType<S extends object = object, D extends S = S> {
  readonly fullName: string;
  /** Under which an Any holds it. */
  readonly typeUrl: string;
  #reflected: Type | undefined;

  constructor(fullName: string) {
    this.fullName = fullName;
    this.typeUrl = typeUrlOfMessage(fullName);
  }

  /** The message's bytes. A number out of its field's range is not noticed: the types are what checks. */
  encode(shape: S): Buffer {
    const bytes = this.reflected.encode(shape).finish();
    return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /**
   * Reads a message; fields that it does not know are dropped.
   * @throws when the bytes are not protobuf, or a string in them is not UTF-8
   */
  decode(bytes: Uint8Array): D {
    return this.reflected.decode(bytes) as unknown as D;
  }

  /**
   * What protobufjs knows of the message; for this folder only. It is set up, as only then protobufjs knows which
   * fields have presence.
   */
  get reflected(): Type {
    this.#reflected ??= typeOf(this.fullName).setup();
    return this.#reflected;
  }
}

/** The handle of a message. */
export function messageType<Name extends MessageName>(
  fullName: Name,
): MessageType<Messages[Name]['shape'], Messages[Name]['message']> {
  return new MessageType(fullName);
}

/** The numbers of an enum by their names: `enumValues('…Cluster.DiscoveryType').EDS` is 3. */
export function enumValues<Name extends keyof Enums>(fullName: Name): Enums[Name] {
  return root.lookupEnum(fullName).values as unknown as Enums[Name];
}

const handles = new Map<string, MessageType>();

/** The handle of a message by its full name, or undefined if there is none of that name. */
export function findMessageType(fullName: string): MessageType | undefined {
  const known = handles.get(fullName);
  if (known !== undefined || !types.has(fullName)) return known;
  const handle = new MessageType(fullName);
  handles.set(fullName, handle);
  return handle;
}

function typeOf(fullName: string): Type {
  const type = types.get(fullName);
  if (type === undefined) throw new PilotError('INTERNAL', `no message ${fullName} is generated`);
  return type;
}

function addMessages(types: Map<string, Type>, namespace: NamespaceBase, prefix: string): Map<string, Type> {
  for (const nested of namespace.nestedArray) {
    if (!(nested instanceof protobuf.Namespace)) continue;
    if (nested instanceof protobuf.Type) {
      nested.setup = () => setUp(nested);
      types.set(prefix + nested.name, nested);
    }
    addMessages(types, nested, `${prefix}${nested.name}.`);
  }
  return types;
}

/**
 * Sets a type up such that what is not set in a decoded message reads as its TypeScript type says. By itself
 * protobufjs reads a scalar of a oneof as its default, as if it had been chosen, and bytes as a list.
 */
function setUp(type: Type): Type {
  protobuf.Type.prototype.setup.call(type);
  const prototype = type.ctor.prototype as unknown as Record<string, unknown>;
  for (const field of type.fieldsArray) {
    if (field.partOf !== null) prototype[field.name] = null;
    else if (field.bytes && !field.repeated) prototype[field.name] = noBytes;
  }
  return type;
}
