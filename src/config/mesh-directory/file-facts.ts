/** What a file of a mesh directory contributes, found once for each content. */
import type { AnyObject, Problem } from '../object.js';
import type { DocumentEntry, FileContent } from './file-content.js';
import type { NotEnforced } from './state.js';

/** A file with what it says. */
export interface DirectoryFile {
  /** Relative to the directory. */
  readonly path: string;
  readonly content: FileContent;
}

/** A document that says to be an object. */
export interface Claim {
  readonly path: string;
  /** 1-based line of the file. */
  readonly line: number;
  /** Absent when the document is refused. */
  readonly object?: AnyObject;
}

/** What a file contributes. */
export interface FileFacts {
  /** The cluster that it is of; undefined for a file that holds no objects. */
  readonly cluster: string | undefined;
  /** By the keys of the objects, in the order of the documents. */
  readonly claims: readonly (readonly [key: string, claim: Claim])[];
  readonly problems: readonly Problem[];
  /** How many documents of each kind do not matter. */
  readonly unused: ReadonlyMap<string, number>;
  readonly notEnforced: readonly NotEnforced[];
  /** Whether it may hold objects that cannot be told from it at present. */
  readonly mayHide: boolean;
}

const known = new WeakMap<FileContent, FileFacts>();

/** The facts of a file; the same object as long as its content is. */
export function factsOf({ path, content }: DirectoryFile): FileFacts {
  let facts = known.get(content);
  if (facts === undefined) {
    facts = content.type === 'objects' ? factsOfObjects(path, content) : factsOfOther(content);
    known.set(content, facts);
  }
  return facts;
}

function factsOfOther(content: Exclude<FileContent, { type: 'objects' }>): FileFacts {
  return {
    cluster: undefined,
    claims: [],
    problems: content.problems,
    unused: new Map(),
    notEnforced: [],
    mayHide: content.type === 'unreadable' && content.role.type === 'objects',
  };
}

/** An entry with the line of its document. */
interface Located {
  readonly start: number;
  readonly entry: DocumentEntry;
}

function factsOfObjects(path: string, content: Extract<FileContent, { type: 'objects' }>): FileFacts {
  const located = content.documents.flatMap(({ line, entries }) =>
    entries.map((entry): Located => ({ start: line, entry })),
  );
  const unused = new Map<string, number>();
  for (const { entry } of located)
    if (entry.type === 'unused') unused.set(entry.kind, (unused.get(entry.kind) ?? 0) + 1);
  return {
    cluster: content.cluster,
    claims: located.flatMap((item) => claimOf(path, item)),
    problems: located.flatMap(({ start, entry }) =>
      entry.problems.map((problem): Problem => ({ ...problem, file: path, line: start + problem.line - 1 })),
    ),
    unused,
    notEnforced: located.flatMap((item) => notEnforcedOf(path, item)),
    mayHide: located.some(({ entry }) => entry.type === 'refused' && entry.key === undefined),
  };
}

function claimOf(path: string, { start, entry }: Located): readonly (readonly [string, Claim])[] {
  if ((entry.type !== 'object' && entry.type !== 'refused') || entry.key === undefined) return [];
  const object = entry.type === 'object' ? { object: entry.object } : {};
  return [[entry.key, { path, line: start + entry.line - 1, ...object }]];
}

function notEnforcedOf(file: string, { start, entry }: Located): readonly NotEnforced[] {
  if (entry.type !== 'not-enforced') return [];
  const { kind, name, namespace } = entry;
  return [{ kind, name, namespace, file, line: start + entry.line - 1 }];
}
