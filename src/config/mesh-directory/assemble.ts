/** From what each file says to the state of the directory. Pure. */
import { changedKeys } from '../../base/changes.js';
import { compareStrings, deepEqual } from '../../base/compare.js';
import { finish, type Piecewise } from '../../base/piecewise.js';
import { SharingMap } from '../../base/sharing-map.js';
import { defaultMeshConfig, type MeshConfigOptions } from '../decode/mesh-config.js';
import { noMeshNetworks, type MeshConfig, type MeshNetworks } from '../mesh-config.js';
import type { Problem } from '../object.js';
import type { FileContent } from './file-content.js';
import { factsOf, type DirectoryFile } from './file-facts.js';
import { objectsInForce, type Duplicate, type Held, type InForce } from './in-force.js';
import type { ClusterObjects, MeshDirectoryState, ProxyDescription } from './state.js';

/** A state with what the next one needs to know of it. */
export interface Assembly {
  readonly state: MeshDirectoryState;
  readonly inForce: InForce;
}

/**
 * Puts a state together. What equals the previous state is the same JavaScript object as there.
 *
 * @param files in path order.
 * @param scanProblems what was wrong with finding the files.
 */
export function assemble(
  previous: Assembly | undefined,
  files: readonly DirectoryFile[],
  scanProblems: readonly Problem[],
  options: MeshConfigOptions,
): Assembly {
  return finish(assembleInPieces(previous, files, scanProblems, options));
}

/** The same, a file and an object at a time, and only those that changed. */
export function* assembleInPieces(
  previous: Assembly | undefined,
  files: readonly DirectoryFile[],
  scanProblems: readonly Problem[],
  options: MeshConfigOptions,
): Piecewise<Assembly> {
  const inForce = yield* objectsInForce(files, previous?.inForce);
  const before = previous?.state;
  const settings = singleDocuments(files, before, options);
  const duplicates = [...inForce.clusters.values()].flatMap((state) => [...state.duplicates.values()].flat());
  const problems = [
    ...scanProblems,
    ...files.flatMap((file) => factsOf(file).problems),
    ...duplicates.map(duplicateProblem),
    ...settings.problems,
  ].sort(byPlace);
  yield;
  const notEnforced = files.flatMap((file) => factsOf(file).notEnforced);
  const state: MeshDirectoryState = {
    mesh: share(settings.mesh, before?.mesh),
    networks: share(settings.networks, before?.networks),
    proxies: share(settings.proxies, before?.proxies),
    clusters: shareClusters(inForce, previous),
    problems: share(problems, before?.problems),
    unusedKinds: share(countUnused(files), before?.unusedKinds),
    notEnforced: share(notEnforced, before?.notEnforced),
    files: files.length,
  };
  return { state: shareState(state, before), inForce };
}

interface Settings {
  readonly mesh: MeshConfig;
  readonly networks: MeshNetworks;
  readonly proxies: readonly ProxyDescription[];
  readonly problems: readonly Problem[];
}

/** The documents that stand for themselves. One that is refused leaves what was in force before. */
function singleDocuments(
  files: readonly DirectoryFile[],
  before: MeshDirectoryState | undefined,
  options: MeshConfigOptions,
): Settings {
  const problems: Problem[] = [];
  const single = <T>(
    type: 'mesh' | 'networks' | 'proxies',
    value: (content: FileContent) => T | undefined,
    last: T | undefined,
    absent: T,
  ): T => {
    const [file, another] = files.filter(
      ({ content }) => (content.type === 'unreadable' ? content.role.type : content.type) === type,
    );
    if (file !== undefined && another !== undefined) {
      problems.push({
        severity: 'error',
        file: another.path,
        path: '',
        message: `${file.path} has the same meaning and counts; remove one of them`,
      });
    }
    return file === undefined ? absent : (value(file.content) ?? last ?? absent);
  };
  return {
    mesh: single(
      'mesh',
      (content) => (content.type === 'mesh' ? content.value : undefined),
      before?.mesh,
      defaultMeshConfig(options),
    ),
    networks: single(
      'networks',
      (content) => (content.type === 'networks' ? content.value : undefined),
      before?.networks,
      noMeshNetworks,
    ),
    proxies: single(
      'proxies',
      (content) => (content.type === 'proxies' ? content.value : undefined),
      before?.proxies,
      [],
    ),
    problems,
  };
}

function duplicateProblem({ key, claim, first }: Duplicate): Problem {
  const [kind = '', namespace = '', name = ''] = key.split('/');
  return {
    severity: 'error',
    file: claim.path,
    line: claim.line,
    object: `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`,
    path: '',
    message: `the same object stands at ${first.path}:${first.line}, and that one counts`,
  };
}

/** Documents that do not matter, counted by kind in the order of kinds. */
function countUnused(files: readonly DirectoryFile[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const file of files) {
    for (const [kind, count] of factsOf(file).unused) counts.set(kind, (counts.get(kind) ?? 0) + count);
  }
  return new Map([...counts].sort(([a], [b]) => compareStrings(a, b)));
}

function byPlace(a: Problem, b: Problem): number {
  return compareStrings(a.file ?? '', b.file ?? '') || (a.line ?? 0) - (b.line ?? 0);
}

function share<T>(next: T, before: T | undefined): T {
  return before !== undefined && deepEqual(next, before) ? before : next;
}

/** Objects are the same if they are the same JavaScript object; what is in force decided that. */
function shareClusters(
  { clusters }: InForce,
  previous: Assembly | undefined,
): ReadonlyMap<string, ClusterObjects> {
  const before = previous?.state.clusters;
  const objects = new Map(
    [...clusters].map(([cluster, { held }]) => {
      const earlier = previous?.inForce.clusters.get(cluster)?.held;
      return [cluster, shareObjects(held, earlier, before?.get(cluster))] as const;
    }),
  );
  const same =
    before?.size === objects.size &&
    [...objects].every(([cluster, ofCluster]) => before.get(cluster) === ofCluster);
  return same ? before : objects;
}

type HeldObjects = ReadonlyMap<string, Held>;

function shareObjects(
  held: HeldObjects,
  earlier: HeldObjects | undefined,
  before: ClusterObjects = new Map(),
): ClusterObjects {
  return SharingMap.from(before).with(
    [...changedKeys(earlier, held)].map((key) => [key, held.get(key)?.object] as const),
  );
}

function shareState(next: MeshDirectoryState, before: MeshDirectoryState | undefined): MeshDirectoryState {
  const names = Object.keys(next) as (keyof MeshDirectoryState)[];
  const same = before !== undefined && names.every((name) => next[name] === before[name]);
  return same ? before : next;
}
