/** A real directory that is watched by the real watcher. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Subscription } from 'rxjs';
import { watchMeshDirectory, type WatchOptions } from '../../../src/config/mesh-directory/watch.js';
import type { MeshDirectoryState } from '../../../src/config/mesh-directory/state.js';

/** A generous limit: what is waited for comes within milliseconds on an idle machine. */
const limit = 30_000;

type Predicate = (state: MeshDirectoryState) => boolean;

export class WatchedDirectory {
  /** Holds the watched directory, and what a test wants beside it. */
  readonly base = mkdtempSync(join(tmpdir(), 'pilotlight-directory-'));
  readonly path = join(this.base, 'mesh');
  /** Every state so far. */
  readonly states: MeshDirectoryState[] = [];
  readonly #waiting = new Set<() => void>();
  #subscription: Subscription | undefined;
  #failure: unknown;

  constructor(files: Readonly<Record<string, string>> = {}) {
    mkdirSync(this.path);
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  /** Begins to watch; resolves with the first state. */
  async watch(options: WatchOptions = {}): Promise<MeshDirectoryState> {
    this.#subscription = watchMeshDirectory(this.path, options).subscribe({
      next: (state) => {
        this.states.push(state);
        for (const check of this.#waiting) check();
      },
      error: (error: unknown) => {
        this.#failure = error;
        for (const check of this.#waiting) check();
      },
    });
    return this.until(() => true);
  }

  get latest(): MeshDirectoryState {
    const state = this.states.at(-1);
    if (state === undefined) throw new Error('there is no state yet');
    return state;
  }

  /** Resolves with the newest state as soon as it is as wanted. */
  async until(predicate: Predicate): Promise<MeshDirectoryState> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(check);
      };
      const check = (): void => {
        const state = this.states.at(-1);
        if (this.#failure !== undefined) {
          end();
          reject(this.#failure);
        } else if (state !== undefined && predicate(state)) {
          end();
          resolve(state);
        }
      };
      const timer = setTimeout(() => {
        end();
        reject(
          new Error(`the directory did not come to that state; it has ${describeState(this.states.at(-1))}`),
        );
      }, limit);
      this.#waiting.add(check);
      check();
    });
  }

  write(name: string, text: string): void {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  /** Writes beside the file and renames, as careful editors do. */
  replace(name: string, text: string): void {
    const temporary = join(this.base, 'replacement');
    writeFileSync(temporary, text);
    renameSync(temporary, join(this.path, name));
  }

  rename(from: string, to: string): void {
    renameSync(join(this.path, from), join(this.path, to));
  }

  remove(name: string): void {
    rmSync(join(this.path, name), { recursive: true });
  }

  link(target: string, name: string): void {
    symlinkSync(target, join(this.path, name));
  }

  /** Ends the watch and removes everything. */
  end(): void {
    this.#subscription?.unsubscribe();
    rmSync(this.base, { recursive: true, force: true });
  }
}

function describeState(state: MeshDirectoryState | undefined): string {
  if (state === undefined) return 'none';
  return JSON.stringify({ objects: objectNames(state), problems: state.problems });
}

/** `Kind/namespace/name` of the objects of a cluster, sorted. */
export function objectNames(state: MeshDirectoryState, cluster = 'Kubernetes'): readonly string[] {
  return [...(state.clusters.get(cluster)?.keys() ?? [])].sort();
}

/** A Pod's document; `node` is something to change. */
export function pod(name: string, node = 'n1'): string {
  return `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec: {nodeName: ${node}}\n`;
}

/** The node of a Pod in force. */
export function nodeOf(state: MeshDirectoryState, name: string): string | undefined {
  const object = state.clusters.get('Kubernetes')?.get(`Pod/default/${name}`);
  return object?.kind === 'Pod' ? object.spec.nodeName : undefined;
}
