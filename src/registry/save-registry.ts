/** Keeps what a registry holds for the next start, some time after it changed. */
import { asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs';
import type { LastKnownKeeper } from './last-known.js';
import type { RegistryStore } from './store.js';
import type { RegistryView } from './view.js';

/** How long changes are gathered, in milliseconds. */
const quietTime = 1_000;
/** How often values that do not change are written all the same, so that they are known to be recent. */
const refreshTime = 300_000;

/** Writes a store's values; never those that are themselves only last known. */
export class RegistrySaver {
  readonly #store: RegistryStore;
  readonly #keeper: LastKnownKeeper;
  readonly #scheduler: SchedulerLike;
  #waiting: Subscription | undefined;
  #ended = false;
  #saved: { readonly view: RegistryView; readonly at: number } | undefined;

  constructor(store: RegistryStore, keeper: LastKnownKeeper, scheduler: SchedulerLike = asyncScheduler) {
    this.#store = store;
    this.#keeper = keeper;
    this.#scheduler = scheduler;
  }

  /** The registry said something. */
  changed(): void {
    if (this.#waiting !== undefined || this.#ended) return;
    this.#waiting = this.#scheduler.schedule(() => {
      this.#waiting = undefined;
      this.#save();
    }, quietTime);
  }

  /** Writes at once what waits to be written: what comes now is not worth keeping. */
  flush(): void {
    if (this.#waiting === undefined) return;
    this.#waiting.unsubscribe();
    this.#waiting = undefined;
    this.#save();
  }

  /** Writes what there is now, and nothing any more. */
  end(): void {
    this.#ended = true;
    this.#waiting?.unsubscribe();
    this.#save();
  }

  #save(): void {
    const view = this.#store.view();
    if (!view.synced || !view.safety.readable || view.safety.restored > 0) return;
    const at = this.#store.now();
    const saved = this.#saved;
    if (saved !== undefined && sameValues(saved.view, view) && at - saved.at < refreshTime) return;
    this.#saved = { view, at };
    void this.#keeper.save({
      at,
      services: [...view.services],
      endpoints: [...view.endpoints],
      workloads: [...view.workloads.values()],
      gateways: view.gateways,
    });
  }
}

function sameValues(a: RegistryView, b: RegistryView): boolean {
  return (
    a.services === b.services &&
    a.endpoints === b.endpoints &&
    a.workloads === b.workloads &&
    a.gateways === b.gateways
  );
}
