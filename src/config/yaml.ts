/**
 * Reading YAML as Kubernetes reads it. A file is taken apart into its documents before any of them is parsed, so
 * that one that cannot be parsed does not take the others along.
 *
 * Plain words mean what they mean to kubectl and to Istio (go-yaml of sigs.k8s.io/yaml), which is between YAML 1.1
 * and 1.2: `yes`, `no`, `on`, `off`, `y` and `n` are booleans, `0755` is octal, `1_000` is a number and `<<` merges;
 * but `12:30:45` is text, and so are times. Where that surprises (`country: no`), it surprises on a cluster too.
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  Scalar,
  type Document,
  type Node,
  type ScalarTag,
  type Tags,
} from 'yaml';
import { errorMessage } from '../base/errors.js';
import { camelCase } from './decode/composites.js';

/** One document's text and where it begins. */
export interface YamlChunk {
  readonly text: string;
  /** 1-based line of the file on which the text begins. */
  readonly line: number;
}

/** A parsed document. Lines are 1-based and count from the first line of the chunk, which is 1. */
export type YamlDocument =
  | {
      readonly type: 'parsed';
      /** As JSON: null for an empty document. */
      readonly value: unknown;
      /** The line on which the content begins. */
      readonly line: number;
      /** The line of a field path such as `spec.ports[0].number`, or of the nearest thing above it that is there. */
      readonly lineOf: (path: string) => number;
    }
  | { readonly type: 'broken'; readonly line: number; readonly message: string };

/** More aliases than this in one document are taken for an attempt to exhaust memory. */
const maxAliases = 100;

/** The documents of a file, parted by lines that begin with `---` and ended by lines `...`. */
export function splitDocuments(text: string): readonly YamlChunk[] {
  const chunks: YamlChunk[] = [];
  let begin = 0;
  let beginLine = 1;
  let line = 0;
  const cut = (end: number, nextLine: number): void => {
    const chunk = text.slice(begin, end);
    const hasContent = /^(?!---(?:\s*$|\s+#)|\.\.\.\s*$|\s*$|\s*#|%)/m.test(chunk);
    // A directive belongs to the document after it; documents without content are nothing.
    if (!hasContent && /^%/m.test(chunk)) return;
    if (hasContent) chunks.push({ text: chunk, line: beginLine });
    begin = end;
    beginLine = nextLine;
  };
  for (let at = 0; at < text.length;) {
    const end = text.indexOf('\n', at);
    const next = end < 0 ? text.length : end + 1;
    line += 1;
    if (text.startsWith('---', at) && /^---(?:\s|$)/.test(text.slice(at, at + 4))) cut(at, line);
    else if (text.startsWith('...', at) && /^\.\.\.(?:\s|$)/.test(text.slice(at, at + 4)))
      cut(next, line + 1);
    at = next;
  }
  cut(text.length, line + 1);
  return chunks;
}

/** Parses one document. Never throws. */
export function parseChunk(text: string): YamlDocument {
  try {
    const document = parseDocument(text, parseOptions);
    const [error] = document.errors;
    if (error !== undefined)
      return { type: 'broken', line: lineAt(text, error.pos[0]), message: error.message };
    const value: unknown = document.toJS({ maxAliasCount: maxAliases });
    const line = lineAt(text, document.contents?.range?.[0] ?? 0);
    return { type: 'parsed', value, line, lineOf: (path) => lineOfPath(document, text, path) };
  } catch (error) {
    return { type: 'broken', line: 1, message: errorMessage(error) };
  }
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line += 1;
  return line;
}

const trueWords = new Set(['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON']);
const integerPattern = /^[-+]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO]?[0-7_]*|[1-9][0-9_]*)$/;

const nullTag: ScalarTag = {
  tag: 'tag:yaml.org,2002:null',
  default: true,
  test: /^(?:~|null|Null|NULL)?$/,
  createNode: () => new Scalar(null),
  resolve: () => new Scalar(null),
};

const booleanTag: ScalarTag = {
  tag: 'tag:yaml.org,2002:bool',
  default: true,
  identify: (value) => typeof value === 'boolean',
  test: /^(?:[yY]|yes|Yes|YES|true|True|TRUE|on|On|ON|[nN]|no|No|NO|false|False|FALSE|off|Off|OFF)$/,
  resolve: (text) => trueWords.has(text),
};

const integerTag: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  identify: (value) => typeof value === 'number' && Number.isInteger(value),
  test: integerPattern,
  resolve: parseInteger,
};

const floatTag: ScalarTag = {
  tag: 'tag:yaml.org,2002:float',
  default: true,
  identify: (value) => typeof value === 'number',
  test: /^[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?$/,
  resolve: (text) => Number(text.replaceAll('_', '')),
};

const parseOptions = {
  schema: 'failsafe',
  customTags: (tags: Tags): Tags => [...tags, nullTag, booleanTag, integerTag, floatTag],
  merge: true,
  prettyErrors: false,
  uniqueKeys: true,
  logLevel: 'error',
} as const;

function parseInteger(text: string): number {
  const plain = text.replaceAll('_', '');
  const negative = plain.startsWith('-');
  const digits = plain.replace(/^[-+]/, '');
  // A leading zero means octal; JavaScript writes that with an `o`.
  const magnitude = Number(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return negative ? -magnitude : magnitude;
}

/** Walks down a document along the text of a path, as far as it leads. */
function lineOfPath(document: Document, text: string, path: string): number {
  let node: unknown = document.contents;
  let offset = rangeStart(node) ?? 0;
  for (let rest = path; rest !== '';) {
    const step = stepInto(resolved(node, document), rest);
    if (step === undefined) break;
    offset = step.offset ?? offset;
    node = step.node;
    rest = step.rest;
  }
  return lineAt(text, offset);
}

interface Step {
  readonly node: unknown;
  readonly offset: number | undefined;
  readonly rest: string;
}

function stepInto(node: unknown, path: string): Step | undefined {
  if (isSeq(node)) {
    const [whole, index] = /^\[(\d+)\]\.?/.exec(path) ?? [];
    if (whole === undefined) return undefined;
    const item = node.items[Number(index)];
    return item === undefined
      ? undefined
      : { node: item, offset: rangeStart(item), rest: path.slice(whole.length) };
  }
  if (!isMap(node)) return undefined;
  // Keys may have dots and slashes themselves, so the longest key that the path goes on with is meant.
  let best: (Step & { readonly length: number }) | undefined;
  for (const { key, value } of node.items) {
    const name = isScalar(key) ? String(key.value) : undefined;
    if (name === undefined) continue;
    for (const written of [name, camelCase(name), `[${name}]`, `["${name}"]`]) {
      if (!path.startsWith(written) || (best !== undefined && best.length >= written.length)) continue;
      const rest = path.slice(written.length);
      if (rest === '' || rest.startsWith('['))
        best = { node: value, offset: rangeStart(key), rest, length: written.length };
      else if (rest.startsWith('.'))
        best = { node: value, offset: rangeStart(key), rest: rest.slice(1), length: written.length };
    }
  }
  return best;
}

function resolved(node: unknown, document: Document): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

function rangeStart(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}
