/**
 * Which objects of a directory are in force. What was in force before matters only where something is wrong now: a
 * refused document leaves the last valid version of its object in force, and a document of which it cannot be told
 * what it is leaves everything in force that its file gave and that nobody else gives now.
 */
import { deepEqual } from '../../base/compare.js';
import type { AnyObject } from '../object.js';
import type { FileContent } from './file-content.js';
import { primaryClusterId } from './state.js';

/** A file with what it says. */
export interface DirectoryFile {
  /** Relative to the directory. */
  readonly path: string;
  readonly content: FileContent;
}

/** An object in force, and the file that gave it. */
export interface Held {
  readonly object: AnyObject;
  readonly holder: string;
}

/** A document that says to be an object. */
export interface Claim {
  readonly path: string;
  /** 1-based line of the file. */
  readonly line: number;
  /** Absent when the document is refused. */
  readonly object?: AnyObject;
}

/** Values by cluster and by the key of their object. */
export type ByObject<T> = ReadonlyMap<string, ReadonlyMap<string, T>>;

/** What was in force before, and which files there were. */
export interface Before {
  readonly held: ByObject<Held>;
  readonly paths: ReadonlySet<string>;
}

/** Every document that says to be an object, in path order. The primary cluster is always among the keys. */
export function collectClaims(files: readonly DirectoryFile[]): ByObject<readonly Claim[]> {
  const clusters = new Map<string, Map<string, Claim[]>>([[primaryClusterId, new Map()]]);
  for (const { path, content } of files) {
    if (content.type !== 'objects') continue;
    const claims = inner(clusters, content.cluster);
    for (const { line, entries } of content.documents) {
      for (const entry of entries) {
        if ((entry.type !== 'object' && entry.type !== 'refused') || entry.key === undefined) continue;
        const object = entry.type === 'object' ? { object: entry.object } : {};
        const claim: Claim = { path, line: line + entry.line - 1, ...object };
        const others = claims.get(entry.key);
        if (others === undefined) claims.set(entry.key, [claim]);
        else others.push(claim);
      }
    }
  }
  return clusters;
}

/** A document that does not count because another one is the same object. */
export interface Duplicate {
  readonly key: string;
  readonly claim: Claim;
  /** The document that counts. */
  readonly first: Claim;
}

export interface InForce {
  readonly held: ByObject<Held>;
  readonly duplicates: readonly Duplicate[];
}

/** Which object is in force under each key. */
export function objectsInForce(
  claims: ByObject<readonly Claim[]>,
  files: readonly DirectoryFile[],
  before: Before | undefined,
): InForce {
  const held = new Map<string, Map<string, Held>>();
  const duplicates: Duplicate[] = [];
  for (const [cluster, byKey] of claims) {
    const objects = inner(held, cluster);
    for (const [key, claimants] of byKey) {
      const last = before?.held.get(cluster)?.get(key);
      const first = firstToCount(claimants, last);
      if (first === undefined) continue;
      const winner = versionOf(first, last);
      if (winner !== undefined) objects.set(key, winner);
      for (const claim of claimants) if (claim !== first) duplicates.push({ key, claim, first });
    }
  }
  if (before !== undefined) keepHidden(held, claims, files, before);
  return { held, duplicates };
}

/** The first document that is valid, or is refused and in the file that gave what is in force; else the first of all. */
function firstToCount(claims: readonly Claim[], last: Held | undefined): Claim | undefined {
  return claims.find(({ path, object }) => object !== undefined || path === last?.holder) ?? claims[0];
}

/** The object that a document gives; the last valid version when the document is refused. */
function versionOf({ path, object }: Claim, last: Held | undefined): Held | undefined {
  if (object === undefined)
    return last?.holder === path || last === undefined ? last : { object: last.object, holder: path };
  // An object that is kept for a file may be from another one, which its origin then names.
  const isOfFile = last?.holder === path && last.object.origin.file === path;
  return isOfFile && sameContent(last.object, object) ? last : { object, holder: path };
}

/** Whether two versions of an object differ by nothing but their place in the file. */
function sameContent(a: AnyObject, b: AnyObject): boolean {
  return (
    a === b ||
    (a.apiVersion === b.apiVersion && deepEqual(a.metadata, b.metadata) && deepEqual(a.spec, b.spec))
  );
}

/**
 * Keeps what nobody claims any more and a file may still hold that cannot be read in full: the file that gave it or,
 * when that is gone, one that is new and may be the same under another name.
 */
function keepHidden(
  held: Map<string, Map<string, Held>>,
  claims: ByObject<readonly Claim[]>,
  files: readonly DirectoryFile[],
  before: Before,
): void {
  const hiding = new Set(files.filter(({ content }) => mayHideObjects(content)).map(({ path }) => path));
  if (hiding.size === 0) return;
  const paths = new Set(files.map(({ path }) => path));
  const newcomer = [...hiding].find((path) => !before.paths.has(path));
  for (const [cluster, objects] of before.held) {
    for (const [key, { object, holder }] of objects) {
      if (claims.get(cluster)?.has(key) === true) continue;
      const keeper = hiding.has(holder) ? holder : paths.has(holder) ? undefined : newcomer;
      if (keeper !== undefined) inner(held, cluster).set(key, { object, holder: keeper });
    }
  }
}

/** Whether a file may hold objects that cannot be told from it at present. */
function mayHideObjects(content: FileContent): boolean {
  if (content.type === 'unreadable') return content.role.type === 'objects';
  return (
    content.type === 'objects' &&
    content.documents.some(({ entries }) =>
      entries.some((entry) => entry.type === 'refused' && entry.key === undefined),
    )
  );
}

function inner<T>(outer: Map<string, Map<string, T>>, key: string): Map<string, T> {
  const known = outer.get(key);
  if (known !== undefined) return known;
  const created = new Map<string, T>();
  outer.set(key, created);
  return created;
}
