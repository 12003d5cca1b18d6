/**
 * A registry over a source of objects. What all such registries share is here: they wait for the whole source, so
 * that the order of objects does not matter; then tell what there is; then only what differs. What the values are
 * made of is a reducer's business.
 */
import { isObservable, Observable, of, type Subscriber } from 'rxjs';
import { errorMessage } from '../../base/errors.js';
import { atOnce, type Pace } from '../../base/pace.js';
import type { Piecewise } from '../../base/piecewise.js';
import { createSerial } from '../../base/serial.js';
import type { AnyObject, ObjectEvent, ObjectRef, ObjectSource } from '../../config/object.js';
import type { RegistryEvent, RegistryStatus } from '../registry.js';
import { RegistryValues } from '../registry-values.js';

/** Keeps what a registry knows of its objects, and remembers what has to be worked out again. */
export interface ObjectReducer<Context> {
  /** Takes in the settings of the mesh, before anything else is worked out and whenever they change. */
  configure(context: Context): void;
  /** Takes in an object; one of a kind that the registry does not read is ignored. */
  upsert(object: AnyObject): void;
  /** Takes in the end of an object. */
  remove(ref: ObjectRef): void;
  /**
   * Works out everything that may have changed since the last call and gives it to the values, in order, a value at a
   * time. What changes between two of them is for the next call.
   */
  flush(values: RegistryValues): Iterable<RegistryEvent | undefined>;
}

/**
 * Watches a source through a reducer, one for each subscription. A failure of the source is a status and leaves every
 * value in force; the status is healthy again when the source says that it has said everything.
 *
 * @param pace at which a lot that changed at once is worked out and said.
 */
export function watchObjects<Context>(
  source: ObjectSource,
  context: Context | Observable<Context>,
  createReducer: () => ObjectReducer<Context>,
  pace: Pace = atOnce,
): Observable<RegistryEvent> {
  return new Observable((subscriber) => {
    const watch = new ObjectWatch(source, createReducer(), subscriber, pace);
    const serially = createSerial();
    const error = (reason: unknown): void => serially(() => watch.fail(reason));
    subscriber.add(
      contexts(context).subscribe({ next: (value) => serially(() => watch.configure(value)), error }),
    );
    subscriber.add(source.watch().subscribe({ next: (event) => serially(() => watch.take(event)), error }));
  });
}

/** One subscription to a registry over a source. */
class ObjectWatch<Context> {
  readonly #source: ObjectSource;
  readonly #reducer: ObjectReducer<Context>;
  readonly #subscriber: Subscriber<RegistryEvent>;
  readonly #pace: Pace;
  readonly #values = new RegistryValues();
  #configured = false;
  /** The source has said everything once. */
  #complete = false;
  /** The subscriber has been told everything once. */
  #live = false;
  /** Values are being worked out. */
  #telling = false;
  /** Something changed since that began. */
  #changedMeanwhile = false;

  constructor(
    source: ObjectSource,
    reducer: ObjectReducer<Context>,
    subscriber: Subscriber<RegistryEvent>,
    pace: Pace,
  ) {
    this.#source = source;
    this.#reducer = reducer;
    this.#subscriber = subscriber;
    this.#pace = pace;
    this.#setStatus({ state: 'connecting' });
  }

  configure(context: Context): void {
    this.#reducer.configure(context);
    this.#configured = true;
    this.#settle();
  }

  take(event: ObjectEvent): void {
    if (event.type === 'failed') {
      this.fail(event.error);
      return;
    }
    if (event.type === 'upsert') this.#reducer.upsert(event.object);
    else if (event.type === 'removed') this.#reducer.remove(event.ref);
    else this.#complete = true;
    this.#settle();
    // A part of the source may still speak while another cannot be read.
    if (this.#live && event.type === 'synced') this.#setStatus({ state: 'healthy' });
  }

  fail(reason: unknown): void {
    const what = `${this.#source.name} cannot be read (${errorMessage(reason)})`;
    this.#setStatus(
      this.#live
        ? { state: 'degraded', stale: true, message: `${what}; its last known objects stay in force` }
        : { state: 'failed', message: `${what}; nothing of it is known yet` },
    );
  }

  #settle(): void {
    if (!this.#configured || !this.#complete) return;
    if (this.#telling) {
      this.#changedMeanwhile = true;
      return;
    }
    this.#telling = true;
    this.#subscriber.add(
      this.#pace.drive(this.#tellChanges()).subscribe({
        error: (reason: unknown) => this.#subscriber.error(reason),
      }),
    );
  }

  *#tellChanges(): Piecewise<void> {
    do {
      for (const event of this.#reducer.flush(this.#values)) {
        this.#emit(event);
        yield;
      }
    } while (this.#takeMeanwhile());
    this.#telling = false;
    if (this.#live) return;
    this.#live = true;
    this.#setStatus({ state: 'healthy' });
    this.#emit({ type: 'synced' });
  }

  #takeMeanwhile(): boolean {
    const changed = this.#changedMeanwhile;
    this.#changedMeanwhile = false;
    return changed;
  }

  #setStatus(status: RegistryStatus): void {
    this.#emit(this.#values.setStatus(status));
  }

  #emit(event: RegistryEvent | undefined): void {
    if (event !== undefined) this.#subscriber.next(event);
  }
}

function contexts<Context>(context: Context | Observable<Context>): Observable<Context> {
  return isObservable(context) ? context : of(context);
}
