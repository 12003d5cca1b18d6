/**
 * Canonical protobuf JSON, as Envoy's config_dump and the recorded answers hold it: field names of the .proto
 * files, the content of an Any in place beside its `@type`, enums by name, 64-bit numbers as strings, durations
 * such as `0.100s`, keys sorted, fields at their default absent unless they have presence.
 */
export { decodeToJson, toJson } from './json-write.js';
export { fromJson } from './json-read.js';
export { isJsonArray, isJsonObject, type Json, type JsonObject } from './json-value.js';
