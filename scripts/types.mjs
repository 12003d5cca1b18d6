/**
 * TypeScript's types for the messages of a descriptor. protobufjs-cli can write such types too, of eight times the
 * size: they hold methods that are not used, lists that may be written to, and namespaces that do not exist at run
 * time.
 */
import protobuf from 'protobufjs/light.js';

/**
 * The module's types. For each message there is a `…_Shape`, which may be encoded, and a `…_Message`, which
 * decoding gives and which is a shape too.
 * @param {import('./descriptor.mjs').Descriptor} descriptor
 */
export function typesText(descriptor) {
  const root = protobuf.Root.fromJSON(descriptor);
  root.resolveAll();
  const { messages, enums } = declared(root);
  return [
    "import type protobuf from 'protobufjs/light.js';",
    '',
    '/** Any number of an enum. */',
    'export type EnumNumber<Name extends keyof Enums> = Enums[Name][keyof Enums[Name]];',
    '',
    '/** A 64-bit integer as decoding gives it. */',
    'export interface Int64 { readonly low: number; readonly high: number; readonly unsigned: boolean }',
    '',
    '/** Every message by its full name: what may be encoded, and what decoding gives. */',
    'export interface Messages {',
    ...messages.map(
      (type) => `'${fullName(type)}': { shape: ${shapeName(type)}; message: ${messageName(type)} };`,
    ),
    '}',
    '',
    '/** The numbers of every enum by their names, by its full name. */',
    'export interface Enums {',
    ...enums.map((type) => `'${fullName(type)}': ${enumNumbers(type)};`),
    '}',
    '',
    ...messages.flatMap((type) => [shapeText(type), messageText(type)]),
    '',
    'declare const root: protobuf.Root;',
    'export default root;',
    '',
  ].join('\n');
}

/**
 * Every message and enum below a namespace.
 * @param {protobuf.NamespaceBase} namespace
 * @returns {{messages: protobuf.Type[], enums: protobuf.Enum[]}}
 */
function declared(namespace) {
  /** @type {{messages: protobuf.Type[], enums: protobuf.Enum[]}} */
  const found = { messages: [], enums: [] };
  for (const nested of namespace.nestedArray) {
    if (nested instanceof protobuf.Enum) found.enums.push(nested);
    if (nested instanceof protobuf.Type) found.messages.push(nested);
    if (nested instanceof protobuf.Namespace) {
      const below = declared(nested);
      found.messages.push(...below.messages);
      found.enums.push(...below.enums);
    }
  }
  return found;
}

/** @param {protobuf.Type} type */
function shapeText(type) {
  const plain = plainFields(type).map((field) => {
    const nothing = hasPresence(field) ? ' | null | undefined' : ' | undefined';
    return `readonly ${field.name}?: ${fieldType(field, shapeName)}${nothing};`;
  });
  const choices = realOneofs(type).map((oneof) =>
    oneof.fieldsArray.map((chosen) =>
      oneof.fieldsArray.map((field) => {
        const value = field === chosen ? `${fieldType(field, shapeName)} | null` : 'null';
        return `readonly ${field.name}?: ${value} | undefined;`;
      }),
    ),
  );
  return declaration(shapeName(type), plain, choices);
}

/** @param {protobuf.Type} type */
function messageText(type) {
  const plain = plainFields(type).map((field) => {
    const nothing = hasPresence(field) ? ' | null' : '';
    return `readonly ${field.name}: ${fieldType(field, messageName)}${nothing};`;
  });
  const choices = realOneofs(type).map((oneof) =>
    oneof.fieldsArray.map((chosen) =>
      oneof.fieldsArray.map((field) => {
        const value = field === chosen ? `${fieldType(field, messageName)} | null` : 'null';
        return `readonly ${field.name}: ${value};`;
      }),
    ),
  );
  return declaration(messageName(type), plain, choices);
}

/**
 * An interface, or for a message with oneofs the intersection of one with a choice for each.
 * @param {string} name
 * @param {readonly string[]} plain
 * @param {readonly (readonly (readonly string[])[])[]} choices
 */
function declaration(name, plain, choices) {
  if (plain.length + choices.length === 0)
    return `export type ${name} = { readonly [field: string]: never };`;
  if (choices.length === 0) return `export interface ${name} { ${plain.join(' ')} }`;
  const unions = choices.map(
    (choice) => `(${choice.map((fields) => `{ ${fields.join(' ')} }`).join(' | ')})`,
  );
  return `export type ${name} = ${[`{ ${plain.join(' ')} }`, ...unions].join(' & ')};`;
}

/** @param {protobuf.Type} type */
function plainFields(type) {
  const chosen = new Set(realOneofs(type).flatMap((oneof) => oneof.fieldsArray));
  return type.fieldsArray.filter((field) => !chosen.has(field));
}

/**
 * The oneofs that leave a choice.
 * @param {protobuf.Type} type
 */
function realOneofs(type) {
  return type.oneofsArray.filter((oneof) => oneof.fieldsArray.length > 1);
}

/**
 * Whether being unset is told from being at the default.
 * @param {protobuf.Field} field
 */
function hasPresence(field) {
  if (field.repeated || field.map) return false;
  return field.hasPresence || field.resolvedType instanceof protobuf.Type;
}

/**
 * @param {protobuf.Field} field
 * @param {(type: protobuf.Type) => string} nameOf
 */
function fieldType(field, nameOf) {
  const { resolvedType } = field;
  const isShape = nameOf === shapeName;
  const single =
    resolvedType instanceof protobuf.Type
      ? nameOf(resolvedType)
      : resolvedType instanceof protobuf.Enum
        ? enumType(resolvedType)
        : scalarType(field.type, isShape);
  if (field.map) return `{ readonly [key: string]: ${single} }`;
  return field.repeated ? `readonly ${single.includes('|') ? `(${single})` : single}[]` : single;
}

/** @param {string} type @param {boolean} isShape */
function scalarType(type, isShape) {
  if (type === 'string') return 'string';
  if (type === 'bool') return 'boolean';
  if (type === 'bytes') return 'Uint8Array';
  if (type.endsWith('64')) return isShape ? 'number | Int64' : 'Int64';
  return 'number';
}

/** @param {protobuf.Enum} type */
function enumType(type) {
  return `EnumNumber<'${fullName(type)}'>`;
}

/** @param {protobuf.Enum} type */
function enumNumbers(type) {
  const numbers = Object.entries(type.values).map(([name, number]) => `readonly ${name}: ${number};`);
  return `{ ${numbers.join(' ')} }`;
}

/** @param {protobuf.ReflectionObject} type */
function fullName(type) {
  return type.fullName.replace(/^\./, '');
}

/** @param {protobuf.Type} type */
function shapeName(type) {
  return `${fullName(type).replaceAll('.', '_')}_Shape`;
}

/** @param {protobuf.Type} type */
function messageName(type) {
  return `${fullName(type).replaceAll('.', '_')}_Message`;
}
