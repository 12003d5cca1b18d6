/**
 * Which objects of a directory are in force. What was in force before matters only where something is wrong now: a
 * refused document leaves the last valid version of its object in force, and a document of which it cannot be told
 * what it is leaves everything in force that its file gave and that nobody else gives now.
 *
 * Only the objects that files name which changed are looked at anew.
 */
import { compareStrings, deepEqual } from '../../base/compare.js';
import type { Piecewise } from '../../base/piecewise.js';
import { SharingMap } from '../../base/sharing-map.js';
import type { AnyObject } from '../object.js';
import { factsOf, type Claim, type DirectoryFile } from './file-facts.js';
import { primaryClusterId } from './state.js';

/** An object in force, and the file that gave it. */
export interface Held {
  readonly object: AnyObject;
  readonly holder: string;
}

/** A document that does not count because another one is the same object. */
export interface Duplicate {
  readonly key: string;
  readonly claim: Claim;
  /** The document that counts. */
  readonly first: Claim;
}

/** What is known of the objects of one cluster, by their keys. */
interface ClusterState {
  /** Every document that says to be the object, in path order. */
  readonly claims: SharingMap<string, readonly Claim[]>;
  readonly held: SharingMap<string, Held>;
  readonly duplicates: SharingMap<string, readonly Duplicate[]>;
  /** Objects that are in force although no document that can be read claims to be them. */
  readonly hidden: ReadonlySet<string>;
}

const nothing: ClusterState = {
  claims: SharingMap.of(),
  held: SharingMap.of(),
  duplicates: SharingMap.of(),
  hidden: new Set(),
};

/** What is in force, with what the next state is worked out from. */
export interface InForce {
  readonly files: readonly DirectoryFile[];
  /** By cluster; the primary one is always there. */
  readonly clusters: ReadonlyMap<string, ClusterState>;
}

/**
 * Works out what is in force.
 *
 * @param files in path order.
 */
export function* objectsInForce(
  files: readonly DirectoryFile[],
  before: InForce | undefined,
): Piecewise<InForce> {
  const changed = yield* changedClaims(files, before);
  const hiding = hidingFiles(files, before);
  const clusters = new Map<string, ClusterState>();
  for (const cluster of clustersOf(files, before)) {
    const state = before?.clusters.get(cluster) ?? nothing;
    const next = yield* nextState(state, changed.get(cluster) ?? new Map(), hiding);
    // A cluster lasts as long as there is a file of it, or something of it is kept.
    if (cluster === primaryClusterId || next.held.size > 0 || files.some(isOf(cluster)))
      clusters.set(cluster, next);
  }
  return { files, clusters };
}

function clustersOf(files: readonly DirectoryFile[], before: InForce | undefined): ReadonlySet<string> {
  const clusters = new Set([primaryClusterId, ...(before?.clusters.keys() ?? [])]);
  for (const file of files) {
    const { cluster } = factsOf(file);
    if (cluster !== undefined) clusters.add(cluster);
  }
  return clusters;
}

function isOf(cluster: string): (file: DirectoryFile) => boolean {
  return (file) => factsOf(file).cluster === cluster;
}

/** The claims of each object that a changed file names, by cluster and key. */
type ChangedClaims = ReadonlyMap<string, ReadonlyMap<string, readonly Claim[]>>;

function* changedClaims(
  files: readonly DirectoryFile[],
  before: InForce | undefined,
): Piecewise<ChangedClaims> {
  const changed = new Map<string, Map<string, Claim[]>>();
  const claimsOf = (cluster: string, key: string): Claim[] => {
    const ofCluster = changed.get(cluster) ?? new Map<string, Claim[]>();
    changed.set(cluster, ofCluster);
    const claims = ofCluster.get(key) ?? [...(before?.clusters.get(cluster)?.claims.get(key) ?? [])];
    ofCluster.set(key, claims);
    return claims;
  };
  const { gone, come } = differences(before?.files ?? [], files);
  for (const file of gone) {
    const { cluster = '', claims } = factsOf(file);
    for (const [key] of claims) {
      const others = claimsOf(cluster, key);
      others.splice(0, others.length, ...others.filter(({ path }) => path !== file.path));
      yield;
    }
  }
  for (const file of come) {
    const { cluster = '', claims } = factsOf(file);
    for (const [key, claim] of claims) {
      claimsOf(cluster, key).push(claim);
      yield;
    }
  }
  for (const ofCluster of changed.values()) {
    for (const claims of ofCluster.values())
      if (claims.length > 1) claims.sort((a, b) => compareStrings(a.path, b.path));
  }
  return changed;
}

/** Files of one state that are not the same in the other. */
function differences(
  before: readonly DirectoryFile[],
  now: readonly DirectoryFile[],
): { readonly gone: readonly DirectoryFile[]; readonly come: readonly DirectoryFile[] } {
  const contents = new Map(before.map(({ path, content }) => [path, content]));
  const come = now.filter(({ path, content }) => contents.get(path) !== content);
  for (const { path, content } of now) if (contents.get(path) === content) contents.delete(path);
  return { come, gone: before.filter(({ path }) => contents.has(path)) };
}

function* nextState(
  before: ClusterState,
  changed: ReadonlyMap<string, readonly Claim[]>,
  hiding: HidingFiles,
): Piecewise<ClusterState> {
  const held = new Map<string, Held | undefined>();
  const duplicates = new Map<string, readonly Duplicate[] | undefined>();
  const hidden = new Set(before.hidden);
  for (const key of new Set([...changed.keys(), ...before.hidden])) {
    const claims = changed.get(key) ?? [];
    const last = before.held.get(key);
    const first = firstToCount(claims, last);
    const winner = first === undefined ? keptHidden(last, hiding) : versionOf(first, last);
    held.set(key, winner);
    const others = claims.filter((claim) => claim !== first);
    duplicates.set(
      key,
      first === undefined || others.length === 0 ? undefined : others.map((claim) => ({ key, claim, first })),
    );
    if (first === undefined && winner !== undefined) hidden.add(key);
    else hidden.delete(key);
    yield;
  }
  return {
    claims: before.claims.with(
      [...changed].map(([key, claims]) => [key, claims.length === 0 ? undefined : claims]),
    ),
    held: before.held.with(held),
    duplicates: before.duplicates.with(duplicates),
    hidden,
  };
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

/** Files that may hold objects which cannot be told from them. */
interface HidingFiles {
  readonly hiding: ReadonlySet<string>;
  /** Every file. */
  readonly paths: ReadonlySet<string>;
  /** One of them that is new. */
  readonly newcomer: string | undefined;
}

function hidingFiles(files: readonly DirectoryFile[], before: InForce | undefined): HidingFiles {
  const hiding = new Set(files.filter((file) => factsOf(file).mayHide).map(({ path }) => path));
  if (hiding.size === 0) return { hiding, paths: new Set(), newcomer: undefined };
  const earlier = new Set(before?.files.map(({ path }) => path));
  return {
    hiding,
    paths: new Set(files.map(({ path }) => path)),
    newcomer: before && [...hiding].find((path) => !earlier.has(path)),
  };
}

/**
 * Keeps what nobody claims any more and a file may still hold that cannot be read in full: the file that gave it or,
 * when that is gone, one that is new and may be the same under another name.
 */
function keptHidden(last: Held | undefined, { hiding, paths, newcomer }: HidingFiles): Held | undefined {
  if (last === undefined || hiding.size === 0) return undefined;
  const { object, holder } = last;
  if (hiding.has(holder)) return last;
  return paths.has(holder) || newcomer === undefined ? undefined : { object, holder: newcomer };
}
