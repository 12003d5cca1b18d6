/**
 * One registry watched into its store, for as long as someone wants it: whatever its watch does, it neither ends
 * nor holds up another's, and what it said stays in force.
 */
import { backoffDelay, type BackoffOptions } from '../base/backoff.js';
import {
  asyncScheduler,
  concatWith,
  defer,
  from,
  ignoreElements,
  retry,
  Subscription,
  tap,
  throwError,
  timer,
} from 'rxjs';
import type { Observable, SchedulerLike } from 'rxjs';
import { errorMessage } from '../base/errors.js';
import { atOnce, type Pace } from '../base/pace.js';
import type { RegistryEvent, RegistryStatus, ServiceRegistry } from './registry.js';
import type { LastKnownKeeper } from './last-known.js';
import { shardKey } from './registry.js';
import { RegistrySaver } from './save-registry.js';
import type { RegistryStore } from './store.js';

/** Milliseconds until a watch that failed is tried again. */
const retryBounds: BackoffOptions = { first: 2_000, most: 30_000 };
/** How long a start waits for a registry of which the last known values are on disk; in milliseconds. */
const coldStartWait = 5_000;

/** How a registry is watched. */
export interface WatchOptions {
  /** How what it says at once is taken in; all of it without a pause when absent. */
  readonly pace?: Pace;
  /** What decides when a watch is tried again; for tests and embedders with a clock of their own. */
  readonly scheduler?: SchedulerLike;
  /** A number from 0 to below 1, evenly spread. */
  readonly random?: () => number;
}

/** The watch ended although it should not. */
class WatchCompleted extends Error {}

/**
 * Watches a registry into its store until the subscription is ended. A watch that fails, or completes, becomes a
 * status (`failed`, or `degraded`) and is tried again after one to thirty seconds, longer each time until a watch
 * has said everything once. So does a watch whose events cannot be taken in.
 *
 * What the registry's safety rules ask for is done here as far as it takes time or a disk: held removals are let
 * through in their time, and last known values are read before the first watch and written after changes.
 *
 * @param onChange called after an event that changed the store's view, within the watch: it must be cheap.
 */
export function runRegistry(
  registry: ServiceRegistry,
  store: RegistryStore,
  onChange: (event: RegistryEvent) => void = () => undefined,
  options: WatchOptions = {},
): RunningWatch {
  const { scheduler, random = Math.random, pace = atOnce } = options;
  const keeper = registry.safety?.lastKnown;
  const saver = keeper === undefined ? undefined : new RegistrySaver(store, keeper, scheduler);
  const due = new DueTimer(store, keeper, scheduler ?? asyncScheduler, () => tellReleased());
  let failures = 0;

  const tellReleased = (): void => {
    for (const event of store.takeReleased()) onChange(event);
    saver?.changed();
    due.schedule();
  };
  const take = (event: RegistryEvent): void => {
    if (event.type === 'synced') failures = 0;
    if (event.type === 'status' && event.status.state !== 'healthy') saver?.flush();
    const wasSynced = store.synced;
    const changed = store.apply(event);
    tellReleased();
    // Values from the disk count as everything once the registry is known to be down.
    if (!wasSynced && store.synced && event.type !== 'synced') onChange({ type: 'synced' });
    if (changed) onChange(event);
  };
  const failed = (error: unknown): Observable<unknown> => {
    const delay = backoffDelay(retryBounds, failures, random);
    failures += 1;
    const status = failureStatus(registry, error, delay);
    const event: RegistryEvent = { type: 'status', status };
    try {
      take(event);
    } catch (reason) {
      store.apply({
        type: 'status',
        status: { ...status, message: `${status.message}; ${errorMessage(reason)}` },
      });
    }
    return timer(delay, scheduler);
  };

  const running = new Subscription(() => saver?.end());
  running.add(() => due.cancel());
  const watch$ = defer(() => {
    store.restart();
    return registry.watch();
  }).pipe(
    concatWith(throwError(() => new WatchCompleted())),
    pace.spread(),
    tap(take),
    retry({ delay: failed }),
  );
  const settle = (): void => {
    if (store.settle()) onChange({ type: 'synced' });
  };
  if (keeper === undefined || store.view().synced) {
    running.add(watch$.subscribe());
  } else {
    running.add(
      from(keeper.load())
        .pipe(
          tap((values) => {
            if (values === undefined || values.at + keeper.expiry <= Date.now()) return;
            store.restore(values);
            due.schedule();
            running.add((scheduler ?? asyncScheduler).schedule(settle, coldStartWait));
          }),
          ignoreElements(),
          concatWith(watch$),
        )
        .subscribe(),
    );
  }
  return Object.assign(running, {
    release: (key?: string) => {
      const count = store.releaseHeld(key);
      tellReleased();
      return count;
    },
  });
}

/** A watch that goes on until it is unsubscribed from. */
export interface RunningWatch extends Subscription {
  /** Lets held removals through: that of one key, or all. @returns how many there were. */
  release(key?: string): number;
}

/** Does what time brings about in a store when its time has come. */
class DueTimer {
  readonly #store: RegistryStore;
  readonly #expiry: number | undefined;
  readonly #scheduler: SchedulerLike;
  readonly #done: () => void;
  #timer: Subscription | undefined;
  #at: number | undefined;

  constructor(
    store: RegistryStore,
    keeper: LastKnownKeeper | undefined,
    scheduler: SchedulerLike,
    done: () => void,
  ) {
    this.#store = store;
    this.#expiry = keeper?.expiry;
    this.#scheduler = scheduler;
    this.#done = done;
  }

  schedule(): void {
    const at = this.#store.nextDue(this.#expiry);
    if (at === this.#at && this.#timer?.closed === false) return;
    this.#timer?.unsubscribe();
    this.#at = at;
    if (at === undefined) return;
    this.#timer = this.#scheduler.schedule(
      () => {
        this.#at = undefined;
        this.#store.tick(this.#expiry);
        this.#done();
      },
      // Longer waits than timers can do are done in steps.
      Math.min(Math.max(0, at - this.#store.now()), 2 ** 30),
    );
  }

  cancel(): void {
    this.#timer?.unsubscribe();
  }
}

function failureStatus(
  registry: ServiceRegistry,
  error: unknown,
  delay: number,
): RegistryStatus & { readonly message: string } {
  const completed = error instanceof WatchCompleted;
  const what = completed ? 'ended its watch' : `cannot be watched (${errorMessage(error)})`;
  const message = `registry ${shardKey(registry)} ${what}; what it said stays in force; trying again in ${Math.round(delay / 1000)} s`;
  return { state: completed ? 'degraded' : 'failed', message };
}
