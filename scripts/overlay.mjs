/** Adds the fields that proto/overlay.yaml lists to the text of .proto files. */
import { parse } from 'yaml';

/**
 * A field that a message of the proto package lacks.
 * @typedef {object} OverlayField
 * @property {string} file path of the .proto file that declares the message
 * @property {string} message name of the message in its file; nested ones with their parents: Outer.Inner
 * @property {string} field its declaration as it would stand in the file
 */

/**
 * A message declaration in the text of a file.
 * @typedef {object} MessageBlock
 * @property {string} name with its parents
 * @property {number} end offset of its closing brace
 * @property {string} fields its text without nested declarations
 */

/**
 * @param {string} text of overlay.yaml
 * @returns {OverlayField[]}
 */
export function parseOverlay(text) {
  const entries = parse(text);
  if (!Array.isArray(entries))
    throw new Error('proto/overlay.yaml: a list of {file, message, field} was expected');
  return entries.map((entry, index) => {
    const { file, message, field } = entry ?? {};
    if (![file, message, field].every((value) => typeof value === 'string')) {
      throw new Error(`proto/overlay.yaml: entry ${index + 1} needs file, message and field`);
    }
    return { file, message, field };
  });
}

/**
 * The text of a file with the fields that the overlay has for it.
 * @param {string} path
 * @param {string} text
 * @param {readonly OverlayField[]} overlay
 * @param {(type: string) => string} fileOf path of the file that declares a type
 */
export function withOverlay(path, text, overlay, fileOf) {
  return overlay
    .filter((entry) => entry.file === path)
    .reduce((changed, entry) => withImport(withField(changed, entry), path, entry, fileOf), text);
}

/** @param {string} text @param {OverlayField} entry */
function withField(text, entry) {
  const where = `proto/overlay.yaml: ${entry.message} of ${entry.file}`;
  const blocks = messageBlocks(text).filter((block) => block.name === entry.message);
  const [block] = blocks;
  if (block === undefined || blocks.length > 1)
    throw new Error(`${where}: declared ${blocks.length} times, not once`);
  const { name, number } = parseField(entry);
  if (new RegExp(`\\b${name}\\s*=\\s*\\d|=\\s*${number}\\s*[;[]`).test(block.fields)) {
    throw new Error(
      `${where}: has a field ${name} or number ${number} already, so the entry is to be removed`,
    );
  }
  return `${text.slice(0, block.end)}\n  ${entry.field}\n${text.slice(block.end)}`;
}

/** @param {string} text @param {string} path @param {OverlayField} entry @param {(type: string) => string} fileOf */
function withImport(text, path, entry, fileOf) {
  const { type } = parseField(entry);
  if (!type.includes('.')) return text;
  const wellKnown = /^google\.protobuf\.(Duration|Any|Struct|Timestamp)$/.exec(type)?.[1]?.toLowerCase();
  const imported = wellKnown === undefined ? fileOf(type) : `google/protobuf/${wellKnown}.proto`;
  const line = `import "${imported}";`;
  return imported === path || text.includes(line) ? text : text.replace(/^package .*$/m, `$&\n\n${line}`);
}

/** @param {OverlayField} entry */
function parseField(entry) {
  const parts = /^(?:repeated |optional )?(?<type>[\w.]+) (?<name>\w+) = (?<number>\d+)( \[.*\])?;$/.exec(
    entry.field,
  );
  if (parts?.groups === undefined) {
    throw new Error(
      `proto/overlay.yaml: not a field declaration of the form "type name = number;": ${entry.field}`,
    );
  }
  return /** @type {{type: string, name: string, number: string}} */ (parts.groups);
}

/**
 * Every message that a file declares.
 * @param {string} text
 * @returns {MessageBlock[]}
 */
function messageBlocks(text) {
  const code = text.replace(/\/\/.*|\/\*[^]*?\*\/|"(?:[^"\\\n]|\\.)*"/g, (found) => ' '.repeat(found.length));
  /** @type {MessageBlock[]} */
  const blocks = [];
  /** @type {{kind: string | undefined, name: string, fields: string}[]} */
  const open = [];
  let from = 0;
  for (const brace of code.matchAll(/[{}]/g)) {
    const before = code.slice(from, brace.index);
    from = brace.index + 1;
    const block = open.at(-1);
    if (block !== undefined) block.fields += before;
    if (brace[0] === '{') {
      const [, kind, name = ''] = /\b(message|oneof) (\w+)\s*$/.exec(before) ?? [];
      open.push({ kind, name, fields: '' });
      continue;
    }
    open.pop();
    const parent = open.at(-1);
    if (block?.kind === 'oneof' && parent !== undefined) parent.fields += block.fields;
    if (block?.kind === 'message') {
      blocks.push({
        name: [...open, block].map((message) => message.name).join('.'),
        end: brace.index,
        fields: block.fields,
      });
    }
  }
  return blocks;
}
