/** The objects of one cluster of a mesh directory, as a source of objects. */
import { Observable } from 'rxjs';
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
 */
export function directoryObjectSource(
  states$: Observable<MeshDirectoryState>,
  cluster: string,
  name: string,
): ObjectSource {
  return { cluster, name, watch: () => watchCluster(states$, cluster) };
}

function watchCluster(states$: Observable<MeshDirectoryState>, cluster: string): Observable<ObjectEvent> {
  return new Observable<ObjectEvent>((subscriber) => {
    let known: ClusterObjects = noObjects;
    let isSynced = false;
    return states$.subscribe({
      next: ({ clusters, failure }) => {
        const objects = clusters.get(cluster) ?? noObjects;
        for (const event of differences(known, objects)) subscriber.next(event);
        known = objects;
        if (failure !== undefined) subscriber.next({ type: 'failed', error: failure });
        else if (!isSynced) subscriber.next({ type: 'synced' });
        isSynced = failure === undefined;
      },
      error: (error: unknown) => {
        subscriber.next({ type: 'failed', error: error instanceof Error ? error : new Error(String(error)) });
      },
    });
  });
}

function* differences(before: ClusterObjects, after: ClusterObjects): Generator<ObjectEvent> {
  if (before === after) return;
  for (const [key, object] of after) if (before.get(key) !== object) yield { type: 'upsert', object };
  for (const [key, object] of before) if (!after.has(key)) yield { type: 'removed', ref: refOf(object) };
}
