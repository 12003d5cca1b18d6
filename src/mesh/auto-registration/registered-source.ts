/** The objects of a cluster together with the WorkloadEntries of proxies that are registered. */
import { Observable } from 'rxjs';
import {
  objectKey,
  refOf,
  type AnyObject,
  type ObjectEvent,
  type ObjectRef,
  type ObjectSource,
} from '../../config/object.js';

/**
 * A source that says what a cluster's source says, and beside it registered WorkloadEntries. Where both have an entry of
 * one name, that of the cluster counts: somebody wrote it.
 *
 * @param registered can always be read.
 */
export function withRegistered(cluster: ObjectSource, registered: ObjectSource): ObjectSource {
  return {
    cluster: cluster.cluster,
    name: cluster.name,
    watch: () =>
      new Observable<ObjectEvent>((subscriber) => {
        const entries = new Entries((event) => subscriber.next(event));
        // First the registered ones, which are all there: when the cluster has said everything, everything was said.
        subscriber.add(registered.watch().subscribe((event) => entries.takeRegistered(event)));
        subscriber.add(cluster.watch().subscribe((event) => entries.takeWritten(event)));
      }),
  };
}

/** What one watcher was told of WorkloadEntries. */
class Entries {
  readonly #tell: (event: ObjectEvent) => void;
  readonly #written = new Set<string>();
  readonly #registered = new Map<string, AnyObject>();

  constructor(tell: (event: ObjectEvent) => void) {
    this.#tell = tell;
  }

  takeWritten(event: ObjectEvent): void {
    const ref = refOfEvent(event);
    if (ref?.kind !== 'WorkloadEntry') {
      this.#tell(event);
      return;
    }
    const key = objectKey(ref);
    if (event.type === 'upsert') this.#written.add(key);
    else this.#written.delete(key);
    const registered = event.type === 'removed' ? this.#registered.get(key) : undefined;
    this.#tell(registered === undefined ? event : { type: 'upsert', object: registered });
  }

  takeRegistered(event: ObjectEvent): void {
    const ref = refOfEvent(event);
    if (ref === undefined) return;
    const key = objectKey(ref);
    if (event.type === 'upsert') this.#registered.set(key, event.object);
    else this.#registered.delete(key);
    if (!this.#written.has(key)) this.#tell(event);
  }
}

function refOfEvent(event: ObjectEvent): ObjectRef | undefined {
  if (event.type === 'upsert') return refOf(event.object);
  return event.type === 'removed' ? event.ref : undefined;
}
