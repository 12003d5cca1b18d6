/** From what each file says to the state of the directory. Pure. */
import { compareStrings, deepEqual } from '../../base/compare.js';
import { defaultMeshConfig, type MeshConfigOptions } from '../decode/mesh-config.js';
import { noMeshNetworks, type MeshConfig, type MeshNetworks } from '../mesh-config.js';
import type { Problem } from '../object.js';
import type { FileContent } from './file-content.js';
import {
  collectClaims,
  objectsInForce,
  type ByObject,
  type DirectoryFile,
  type Duplicate,
  type Held,
} from './in-force.js';
import type { ClusterObjects, MeshDirectoryState, NotEnforced, ProxyDescription } from './state.js';

/** A state with what the next one needs to know of it. */
export interface Assembly {
  readonly state: MeshDirectoryState;
  readonly held: ByObject<Held>;
  /** Every file that was there. */
  readonly paths: ReadonlySet<string>;
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
  const { held, duplicates } = objectsInForce(collectClaims(files), files, previous);
  const before = previous?.state;
  const settings = singleDocuments(files, before, options);
  const problems = [
    ...scanProblems,
    ...files.flatMap(fileProblems),
    ...duplicates.map(duplicateProblem),
    ...settings.problems,
  ].sort(byPlace);
  const state: MeshDirectoryState = {
    mesh: share(settings.mesh, before?.mesh),
    networks: share(settings.networks, before?.networks),
    proxies: share(settings.proxies, before?.proxies),
    clusters: shareClusters(held, before?.clusters),
    problems: share(problems, before?.problems),
    unusedKinds: share(countUnused(files), before?.unusedKinds),
    notEnforced: share(listNotEnforced(files), before?.notEnforced),
    files: files.length,
  };
  return { state: shareState(state, before), held, paths: new Set(files.map(({ path }) => path)) };
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

function fileProblems({ path, content }: DirectoryFile): readonly Problem[] {
  if (content.type !== 'objects') return content.problems;
  return content.documents.flatMap((document) =>
    document.entries.flatMap((entry) =>
      entry.problems.map((problem): Problem => ({
        ...problem,
        file: path,
        line: document.line + problem.line - 1,
      })),
    ),
  );
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
  for (const { content } of files) {
    if (content.type !== 'objects') continue;
    for (const { entries } of content.documents) {
      for (const entry of entries)
        if (entry.type === 'unused') counts.set(entry.kind, (counts.get(entry.kind) ?? 0) + 1);
    }
  }
  return new Map([...counts].sort(([a], [b]) => compareStrings(a, b)));
}

function listNotEnforced(files: readonly DirectoryFile[]): readonly NotEnforced[] {
  return files.flatMap(({ path, content }) =>
    content.type !== 'objects'
      ? []
      : content.documents.flatMap(({ line, entries }) =>
          entries.flatMap((entry) =>
            entry.type === 'not-enforced'
              ? [
                  {
                    kind: entry.kind,
                    name: entry.name,
                    namespace: entry.namespace,
                    file: path,
                    line: line + entry.line - 1,
                  },
                ]
              : [],
          ),
        ),
  );
}

function byPlace(a: Problem, b: Problem): number {
  return compareStrings(a.file ?? '', b.file ?? '') || (a.line ?? 0) - (b.line ?? 0);
}

function share<T>(next: T, before: T | undefined): T {
  return before !== undefined && deepEqual(next, before) ? before : next;
}

/** Objects are the same if they are the same JavaScript object; what is in force decided that. */
function shareClusters(
  held: ByObject<Held>,
  before: ReadonlyMap<string, ClusterObjects> | undefined,
): ReadonlyMap<string, ClusterObjects> {
  const clusters = new Map(
    [...held].map(([cluster, objects]) => [cluster, shareObjects(objects, before?.get(cluster))] as const),
  );
  const same =
    before?.size === clusters.size &&
    [...clusters].every(([cluster, objects]) => before.get(cluster) === objects);
  return same ? before : clusters;
}

function shareObjects(held: ReadonlyMap<string, Held>, before: ClusterObjects | undefined): ClusterObjects {
  const same =
    before?.size === held.size && [...held].every(([key, { object }]) => before.get(key) === object);
  return same ? before : new Map([...held].map(([key, { object }]) => [key, object]));
}

function shareState(next: MeshDirectoryState, before: MeshDirectoryState | undefined): MeshDirectoryState {
  const names = Object.keys(next) as (keyof MeshDirectoryState)[];
  const same = before !== undefined && names.every((name) => next[name] === before[name]);
  return same ? before : next;
}
