/**
 * One registry watched into its store, for as long as someone wants it: whatever its watch does, it neither ends
 * nor holds up another's, and what it said stays in force.
 */
import { concatWith, defer, retry, tap, throwError, timer } from 'rxjs';
import type { Observable, SchedulerLike, Subscription } from 'rxjs';
import { errorMessage } from '../base/errors.js';
import type { RegistryEvent, RegistryStatus, ServiceRegistry } from './registry.js';
import { shardKey } from './registry.js';
import type { RegistryStore } from './store.js';

const firstCeiling = 2_000;
const lastCeiling = 30_000;

/** What decides when a watch is tried again; for tests and embedders with a clock of their own. */
export interface WatchOptions {
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
 * @param onChange called after an event that changed the store's view, within the watch: it must be cheap.
 */
export function runRegistry(
  registry: ServiceRegistry,
  store: RegistryStore,
  onChange: (event: RegistryEvent) => void = () => undefined,
  options: WatchOptions = {},
): Subscription {
  const { scheduler, random = Math.random } = options;
  let failures = 0;

  const take = (event: RegistryEvent): void => {
    if (event.type === 'synced') failures = 0;
    if (store.apply(event)) onChange(event);
  };
  const failed = (error: unknown): Observable<unknown> => {
    const delay = retryDelay(failures, random);
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

  return defer(() => {
    store.restart();
    return registry.watch();
  })
    .pipe(concatWith(throwError(() => new WatchCompleted())), tap(take), retry({ delay: failed }))
    .subscribe();
}

/**
 * Milliseconds to wait before a watch is tried again: between half and all of a ceiling that starts at two seconds,
 * doubles with each failure and ends at thirty.
 */
export function retryDelay(failures: number, random: () => number): number {
  const ceiling = Math.min(lastCeiling, firstCeiling * 2 ** failures);
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
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
