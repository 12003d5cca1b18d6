/** Merging messages in the manner of Istio's patches: protobuf's own merge, except that durations are replaced. */
import protobuf, { type Field, type Type } from 'protobufjs/light.js';
import { compareStrings } from '../base/compare.js';
import { isDefault } from './json-scalars.js';
import { findMessageType, type MessageType } from './message-type.js';
import type { AnyLike, PackedAny } from './any.js';
import { fullNameOf } from './type-urls.js';

/** What becomes of lists that both messages have: the second one's items come behind the first one's, or instead. */
export type ListMerge = 'append' | 'replace';

type Fields = Readonly<Record<string, unknown>>;

/**
 * A message with everything of a second one put over it: single values and entries of maps are replaced, messages are
 * merged field by field. A value at its default does not count as given, unless its field has presence.
 */
export function mergeMessages<S extends object, D extends S>(
  type: MessageType<S, D>,
  message: S,
  patch: S,
  lists: ListMerge = 'append',
): S {
  return merged(type.reflected, message as Fields, patch as Fields, lists) as S;
}

/**
 * The content of an Any merged with that of another.
 * @returns undefined when the two are not of one type that is known
 */
export function mergeAny(any: AnyLike, patch: AnyLike): PackedAny | undefined {
  const type = findMessageType(fullNameOf(any.typeUrl ?? ''));
  if (type === undefined || fullNameOf(patch.typeUrl ?? '') !== type.fullName) return undefined;
  const decoded = [any, patch].map(({ value }) => type.decode(value ?? noBytes));
  const [first = {}, second = {}] = decoded;
  return { typeUrl: type.typeUrl, value: type.encode(mergeMessages(type, first, second)) };
}

const noBytes = new Uint8Array(0);

function merged(type: Type, message: Fields, patch: Fields, lists: ListMerge): Fields {
  const result: Record<string, unknown> = { ...message };
  for (const field of type.fieldsArray) {
    const value = Object.hasOwn(patch, field.name) ? patch[field.name] : undefined;
    if (value === undefined || value === null || !isGiven(field, value)) continue;
    for (const other of field.partOf?.fieldsArray ?? []) if (other !== field) delete result[other.name];
    result[field.name] = mergedField(field, result[field.name], value, lists);
  }
  return result;
}

/** Whether protobuf would count a value as set. */
function isGiven(field: Field, value: unknown): boolean {
  if (field.repeated) return Array.isArray(value) && value.length > 0;
  if (field.map) return Object.keys(value as object).length > 0;
  if (field.resolve().resolvedType instanceof protobuf.Type || field.partOf !== null) return true;
  return !isDefault(value);
}

function mergedField(field: Field, before: unknown, value: unknown, lists: ListMerge): unknown {
  if (field.repeated) {
    const kept = lists === 'append' && Array.isArray(before) ? (before as readonly unknown[]) : [];
    return [...kept, ...(value as readonly unknown[])];
  }
  if (field.map) {
    const entries = Object.entries({ ...(before as object | undefined), ...(value as object) });
    return Object.fromEntries(entries.sort(([a], [b]) => compareStrings(a, b)));
  }
  const { resolvedType } = field.resolve();
  if (!(resolvedType instanceof protobuf.Type) || resolvedType.fullName === '.google.protobuf.Duration')
    return value;
  return merged(resolvedType, (before ?? {}) as Fields, value as Fields, lists);
}
