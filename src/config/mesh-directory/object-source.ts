/** The objects of one cluster of a mesh directory, as a source of objects. */
import { Observable } from 'rxjs';
import { changedKeys } from '../../base/changes.js';
import { atOnce, type Pace } from '../../base/pace.js';
import type { Piecewise } from '../../base/piecewise.js';
import type { ObjectEvent, ObjectSource } from '../object.js';
import { refOf } from '../object.js';
import type { ClusterObjects, MeshDirectoryState } from './state.js';

const noObjects: ClusterObjects = new Map();

/**
 * A source of what states of a directory say of one cluster: differences of consecutive states, what is new or
 * changed first, then what is gone.
 *
 * @param states$ the directory's states; each subscriber gets the newest one at once.
 * @param name for people, such as the directory's path.
 * @param pace at which a lot that changed at once is told. States that come meanwhile are one change then.
 */
export function directoryObjectSource(
  states$: Observable<MeshDirectoryState>,
  cluster: string,
  name: string,
  pace: Pace = atOnce,
): ObjectSource {
  return { cluster, name, watch: () => watchCluster(states$, cluster, pace) };
}

function watchCluster(
  states$: Observable<MeshDirectoryState>,
  cluster: string,
  pace: Pace,
): Observable<ObjectEvent> {
  return new Observable<ObjectEvent>((subscriber) => {
    const watch = new ClusterWatch(cluster, (event) => subscriber.next(event));
    return states$.subscribe({
      next: (state) => {
        const work = watch.take(state);
        if (work !== undefined) subscriber.add(pace.drive(work).subscribe());
      },
      error: (error: unknown) => {
        subscriber.next({ type: 'failed', error: error instanceof Error ? error : new Error(String(error)) });
      },
    });
  });
}

/** What one watcher of a cluster is told. */
class ClusterWatch {
  readonly #cluster: string;
  readonly #tell: (event: ObjectEvent) => void;
  #newest: MeshDirectoryState | undefined;
  /** The state that was told last, or is told now. */
  #told: MeshDirectoryState | undefined;
  #isTelling = false;

  constructor(cluster: string, tell: (event: ObjectEvent) => void) {
    this.#cluster = cluster;
    this.#tell = tell;
  }

  /** Takes in a state. The work of telling it, if there is none yet that will. */
  take(state: MeshDirectoryState): Piecewise<void> | undefined {
    this.#newest = state;
    if (this.#isTelling) return undefined;
    this.#isTelling = true;
    return this.#tellAll();
  }

  *#tellAll(): Piecewise<void> {
    while (this.#newest !== undefined && this.#newest !== this.#told) {
      const before = this.#told;
      this.#told = this.#newest;
      yield* this.#tellDifference(before, this.#newest);
    }
    this.#isTelling = false;
  }

  *#tellDifference(before: MeshDirectoryState | undefined, after: MeshDirectoryState): Piecewise<void> {
    for (const event of differences(this.#objectsOf(before), this.#objectsOf(after))) {
      this.#tell(event);
      yield;
    }
    if (after.failure !== undefined) this.#tell({ type: 'failed', error: after.failure });
    else if (before === undefined || before.failure !== undefined) this.#tell({ type: 'synced' });
  }

  #objectsOf(state: MeshDirectoryState | undefined): ClusterObjects {
    return state?.clusters.get(this.#cluster) ?? noObjects;
  }
}

function* differences(before: ClusterObjects, after: ClusterObjects): Generator<ObjectEvent> {
  const changed = changedKeys(before, after);
  for (const key of changed) {
    const object = after.get(key);
    if (object !== undefined) yield { type: 'upsert', object };
  }
  for (const key of changed) {
    const object = before.get(key);
    if (object !== undefined && !after.has(key)) yield { type: 'removed', ref: refOf(object) };
  }
}
