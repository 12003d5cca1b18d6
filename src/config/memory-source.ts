/** A source of objects in memory, for tests and for those who embed Pilotlight. */
import { Observable, type Subscriber } from 'rxjs';
import {
  objectKey,
  refOf,
  type AnyObject,
  type ObjectEvent,
  type ObjectRef,
  type ObjectSource,
} from './object.js';

/** Holds the objects that it is given, and tells those who watch. */
export class MemoryObjectSource implements ObjectSource {
  readonly cluster: string;
  readonly name: string;
  readonly #objects = new Map<string, AnyObject>();
  readonly #watchers = new Set<Subscriber<ObjectEvent>>();

  /** `objects` are there from the start; `name` is for people. */
  constructor(cluster: string, objects: Iterable<AnyObject> = [], name = `memory/${cluster}`) {
    this.cluster = cluster;
    this.name = name;
    for (const object of objects) this.#objects.set(objectKey(refOf(object)), object);
  }

  /** Adds an object, or puts it in the place of the one of the same identity. */
  apply(object: AnyObject): void {
    this.#objects.set(objectKey(refOf(object)), object);
    this.#tell({ type: 'upsert', object });
  }

  /** Removes an object. Whether there was one. */
  delete(ref: ObjectRef): boolean {
    const existed = this.#objects.delete(objectKey(ref));
    if (existed) this.#tell({ type: 'removed', ref });
    return existed;
  }

  watch(): Observable<ObjectEvent> {
    return new Observable<ObjectEvent>((subscriber) => {
      for (const object of Array.from(this.#objects.values())) subscriber.next({ type: 'upsert', object });
      subscriber.next({ type: 'synced' });
      this.#watchers.add(subscriber);
      return () => this.#watchers.delete(subscriber);
    });
  }

  #tell(event: ObjectEvent): void {
    // One that begins to watch on account of this event has got everything already.
    for (const watcher of Array.from(this.#watchers)) watcher.next(event);
  }
}
