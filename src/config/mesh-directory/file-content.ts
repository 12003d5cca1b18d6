/** What one file of a mesh directory says, worked out from its text alone. */
import { createHash } from 'node:crypto';
import { errorMessage } from '../../base/errors.js';
import type { MeshConfig, MeshNetworks } from '../mesh-config.js';
import { objectKey, type AnyObject, type Problem } from '../object.js';
import type { Decoded } from '../decode/decoded.js';
import { decodeDocument, type DecodedDocument } from '../decode/document.js';
import { decodeMeshConfig, type MeshConfigOptions } from '../decode/mesh-config.js';
import { decodeMeshNetworks } from '../decode/mesh-networks.js';
import { decodeProxies, type ProxyDescription } from '../decode/proxies.js';
import type { Finding } from '../validation/finding.js';
import { parseChunk, splitDocuments, type YamlChunk, type YamlDocument } from '../yaml.js';
import type { FileRole } from './file-role.js';

/** A problem of a document, with a line that counts from the document's first line, which is 1. */
export type DocumentProblem = Omit<Problem, 'file' | 'line'> & { readonly line: number };

/** One object of a document; a List holds several. `line` counts as in `DocumentProblem`. */
export type DocumentEntry = { readonly line: number; readonly problems: readonly DocumentProblem[] } & (
  | { readonly type: 'object'; readonly key: string; readonly object: AnyObject }
  /** `key` is absent when it cannot be told which object it is. */
  | { readonly type: 'refused'; readonly key?: string }
  | { readonly type: 'unused'; readonly kind: string }
  | {
      readonly type: 'not-enforced';
      readonly kind: string;
      readonly namespace: string;
      readonly name: string;
    }
);

/** One document of a file. */
export interface FileDocument {
  /** Hash of its text. */
  readonly digest: string;
  /** 1-based line of the file on which its text begins. */
  readonly line: number;
  readonly entries: readonly DocumentEntry[];
}

/** A file that is one document. `value` is absent when it is refused. */
export interface SingleDocument<T> {
  readonly value?: T;
  /** There is nothing in the file. */
  readonly isEmpty: boolean;
  readonly problems: readonly Problem[];
}

export type FileContent =
  | { readonly type: 'objects'; readonly cluster: string; readonly documents: readonly FileDocument[] }
  | ({ readonly type: 'mesh' } & SingleDocument<MeshConfig>)
  | ({ readonly type: 'networks' } & SingleDocument<MeshNetworks>)
  | ({ readonly type: 'proxies' } & SingleDocument<readonly ProxyDescription[]>)
  /** Nothing of the file could be read. */
  | { readonly type: 'unreadable'; readonly role: FileRole; readonly problems: readonly Problem[] };

/** Where a file is, and how its objects are to be read. */
export interface FileContext extends MeshConfigOptions {
  /** The directory, for the origin of objects. */
  readonly source: string;
  /** Path relative to the directory. */
  readonly file: string;
  readonly role: FileRole;
  /** Called between documents; gives other work a turn when this takes long. */
  readonly breathe: () => Promise<void>;
}

/**
 * Reads a file's text. Documents whose text stands in `earlier` contents of the file are taken from there, so that
 * their objects are the same and nothing is parsed twice.
 */
export async function readContent(
  text: string,
  context: FileContext,
  earlier: readonly (FileContent | undefined)[],
): Promise<FileContent> {
  const { role } = context;
  switch (role.type) {
    case 'objects':
      return readObjects(text, role.cluster, context, earlier);
    case 'mesh':
      return { type: 'mesh', ...readSingle(text, context.file, (value) => decodeMeshConfig(value, context)) };
    case 'networks':
      return { type: 'networks', ...readSingle(text, context.file, decodeMeshNetworks) };
    case 'proxies':
      return { type: 'proxies', ...readSingle(text, context.file, decodeProxies) };
  }
}

/** A file of which nothing can be read. */
export function unreadable(role: FileRole, file: string, reason: string): FileContent {
  return { type: 'unreadable', role, problems: [{ severity: 'error', file, path: '', message: reason }] };
}

async function readObjects(
  text: string,
  cluster: string,
  context: FileContext,
  earlier: readonly (FileContent | undefined)[],
): Promise<FileContent> {
  const known = new Map(
    earlier
      .flatMap((content) => (content?.type === 'objects' ? content.documents : []))
      .map(({ digest, entries }) => [digest, entries]),
  );
  const documents: FileDocument[] = [];
  for (const chunk of splitDocuments(text)) {
    const digest = createHash('sha1').update(chunk.text).digest('base64');
    documents.push({ digest, line: chunk.line, entries: known.get(digest) ?? readDocument(chunk, context) });
    await context.breathe();
  }
  return { type: 'objects', cluster, documents };
}

function readDocument(chunk: YamlChunk, { source, file }: FileContext): readonly DocumentEntry[] {
  const document = parseChunk(chunk.text);
  if (document.type === 'broken') {
    const problem: DocumentProblem = {
      severity: 'error',
      line: document.line,
      path: '',
      message: document.message,
    };
    return [{ type: 'refused', line: document.line, problems: [problem] }];
  }
  const origin = { source, file, line: chunk.line + document.line - 1 };
  try {
    return decodeDocument(document.value, origin).map((decoded) => documentEntry(decoded, document));
  } catch (error) {
    // A defect that one document brings to light must not take the other documents along.
    const message = `the document cannot be checked: ${errorMessage(error)}`;
    return [
      {
        type: 'refused',
        line: document.line,
        problems: [{ severity: 'error', line: document.line, path: '', message }],
      },
    ];
  }
}

type ParsedDocument = Extract<YamlDocument, { type: 'parsed' }>;

function documentEntry(decoded: DecodedDocument, document: ParsedDocument): DocumentEntry {
  const { prefix, label } = decoded;
  const place = {
    line: prefix === '' ? document.line : document.lineOf(prefix),
    problems: decoded.findings.map((finding) => documentProblem(finding, label, document)),
  };
  switch (decoded.type) {
    case 'object':
      return { ...place, type: 'object', key: keyOf(decoded.object), object: decoded.object };
    case 'refused':
      return {
        ...place,
        type: 'refused',
        ...(decoded.ref === undefined ? {} : { key: objectKey(decoded.ref) }),
      };
    case 'unused':
      return { ...place, type: 'unused', kind: decoded.kind };
    case 'not-enforced':
      return {
        ...place,
        type: 'not-enforced',
        kind: decoded.kind,
        namespace: decoded.namespace,
        name: decoded.name,
      };
  }
}

function keyOf({ kind, metadata: { namespace, name } }: AnyObject): string {
  return objectKey({ kind, namespace, name });
}

function documentProblem(
  { severity, path, message }: Finding,
  label: string | undefined,
  document: ParsedDocument,
): DocumentProblem {
  return {
    severity,
    line: document.lineOf(path),
    ...(label === undefined ? {} : { object: label }),
    path,
    message,
  };
}

function readSingle<T>(
  text: string,
  file: string,
  decode: (value: unknown) => Decoded<T>,
): SingleDocument<T> {
  const [chunk = { text: '', line: 1 }, second] = splitDocuments(text);
  const refused = (line: number, message: string): SingleDocument<T> => ({
    isEmpty: false,
    problems: [{ severity: 'error', file, line, path: '', message }],
  });
  if (second !== undefined) return refused(second.line, 'the file has to be one document');
  const document = parseChunk(chunk.text);
  const lineInFile = (line: number): number => chunk.line + line - 1;
  if (document.type === 'broken') return refused(lineInFile(document.line), document.message);
  const { findings, ...decoded } = decode(document.value);
  const problems = findings.map(({ severity, path, message }): Problem => ({
    severity,
    file,
    line: lineInFile(document.lineOf(path)),
    path,
    message,
  }));
  return { ...decoded, isEmpty: document.value === null || document.value === undefined, problems };
}
