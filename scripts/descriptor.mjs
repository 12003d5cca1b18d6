/** The descriptor of all messages: read from what protoc-gen-pbjs wrote, written as a module that loads fast. */

/**
 * The descriptor that protobufjs takes in `Root.fromJSON`.
 * @typedef {import('protobufjs').INamespace} Descriptor
 */

/** Options that change how a field is encoded; all others are for other languages. */
const usedOptions = new Set(['packed', 'proto3_optional', 'features', 'edition']);

/**
 * The descriptor inside a json-module, without what is not needed to encode and decode.
 * @param {string} module
 * @returns {Descriptor}
 */
export function descriptorOf(module) {
  const found = /\.addJSON\((\{[^]*?\n\})\);\n/.exec(module)?.[1];
  if (found === undefined)
    throw new Error('protoc-gen-pbjs wrote no descriptor of the form .addJSON({...});');
  return { nested: JSON.parse(found, needed) };
}

/**
 * Leaves out reserved names and numbers, options of enum values, and options that are for other languages. A field
 * may have any of these names; it is an object with an id.
 * @param {string} key
 * @param {any} value
 */
function needed(key, value) {
  const isField = typeof value === 'object' && value !== null && 'id' in value;
  if (isField) return value;
  if (key === 'reserved' || key === 'valuesOptions') return undefined;
  if (key !== 'options') return value;
  const used = Object.entries(value).filter(([option]) => usedOptions.has(option));
  return used.length === 0 ? undefined : Object.fromEntries(used);
}

/**
 * The module: one string to parse, as that is faster than a literal of this size.
 * @param {Descriptor} descriptor
 */
export function moduleText(descriptor) {
  const text = JSON.stringify(descriptor.nested).replace(/['\\]/g, '\\$&');
  return `import protobuf from 'protobufjs/light.js';\nexport default new protobuf.Root().addJSON(JSON.parse('${text}'));\n`;
}
