/** Reading JSON whose writer chose one of protobuf's two spellings of field names. */
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../../envoy/json-value.js';

/** A field by its name in the .proto file, also where it is written in lowerCamelCase. */
export function field(object: JsonObject, name: string): Json | undefined {
  const camel = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return object[name] ?? object[camel];
}

/** A field that is an object, or undefined. */
export function objectField(object: JsonObject | undefined, name: string): JsonObject | undefined {
  const value = object === undefined ? undefined : field(object, name);
  return isJsonObject(value) ? value : undefined;
}

/** The objects of a field that is a list; none where it is not. */
export function objectsField(object: JsonObject, name: string): readonly JsonObject[] {
  const value = field(object, name);
  return isJsonArray(value) ? value.filter(isJsonObject) : [];
}

/** A field that is text and not empty, or undefined. */
export function textField(object: JsonObject | undefined, name: string): string | undefined {
  const value = object === undefined ? undefined : field(object, name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
