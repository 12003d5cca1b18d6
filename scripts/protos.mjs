/**
 * Collects the .proto files that code is generated from: the files that declare the root types and all that they
 * import, out of the installed proto package and out of proto/, whose files come first.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';

/**
 * A file that was collected.
 * @typedef {object} ProtoFile
 * @property {string} path as other files import it, such as envoy/config/core/v3/base.proto
 * @property {string} text
 */

/** Reads .proto files from folders, of which an earlier one hides the same path in a later one. */
export class ProtoSources {
  /** @type {readonly string[]} */
  #folders;
  /** Declared full name of a message, enum or service → path of its file. @type {Map<string, string>} */
  #declaredIn = new Map();
  /** @type {Map<string, string>} */
  #texts = new Map();

  /** @param {readonly string[]} folders */
  constructor(folders) {
    this.#folders = folders;
  }

  /** Reads every file, so that types can be found by their name. */
  async load() {
    for (const folder of this.#folders) {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      for (const entry of entries) {
        if (!entry.isFile() || !entry.name.endsWith('.proto')) continue;
        const file = join(entry.parentPath, entry.name);
        const path = relative(folder, file).split(sep).join('/');
        if (this.#texts.has(path)) continue;
        const text = await readFile(file, 'utf8');
        this.#texts.set(path, text);
        for (const name of topLevelNames(text)) this.#declaredIn.set(name, path);
      }
    }
    return this;
  }

  /**
   * The path of the file that declares a type, which may be nested in another.
   * @param {string} fullName
   */
  fileOf(fullName) {
    for (let name = fullName; name.includes('.'); name = name.slice(0, name.lastIndexOf('.'))) {
      const path = this.#declaredIn.get(name);
      if (path !== undefined) return path;
    }
    throw new Error(`no .proto file declares ${fullName}; looked in ${this.#folders.join(', ')}`);
  }

  /**
   * The files that declare these types and, directly or not, everything that those import. google/protobuf/* is
   * left out, as buf has its own.
   * @param {readonly string[]} types
   * @param {(file: ProtoFile) => string} change gives the text to use instead; its imports are followed
   * @returns {ProtoFile[]}
   */
  closure(types, change) {
    /** @type {Map<string, ProtoFile>} */
    const files = new Map();
    const waiting = [...new Set(types.filter((type) => !isWellKnown(type)).map((type) => this.fileOf(type)))];
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      if (files.has(path)) continue;
      const original = this.#texts.get(path);
      if (original === undefined)
        throw new Error(`${path} is imported but is in none of ${this.#folders.join(', ')}`);
      const text = change({ path, text: original });
      files.set(path, { path, text });
      for (const imported of importsOf(text))
        if (!imported.startsWith('google/protobuf/')) waiting.push(imported);
    }
    return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  }
}

/** @param {string} type */
export function isWellKnown(type) {
  return type.startsWith('google.protobuf.');
}

/**
 * Replaces a folder's content by these files.
 * @param {string} folder
 * @param {readonly ProtoFile[]} files
 */
export async function writeProtos(folder, files) {
  if (existsSync(folder)) await rm(folder, { recursive: true });
  for (const { path, text } of files) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
  }
}

/** @param {string} text */
function importsOf(text) {
  return [...text.matchAll(/^import (?:public |weak )?"([^"]+)";/gm)].flatMap((match) => match[1] ?? []);
}

/** @param {string} text */
function topLevelNames(text) {
  const name = /^package ([\w.]+);/m.exec(text)?.[1];
  const prefix = name === undefined ? '' : `${name}.`;
  return [...text.matchAll(/^(?:message|enum|service) (\w+)/gm)].map((match) => prefix + match[1]);
}
