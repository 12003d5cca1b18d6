/**
 * From changes of the mesh to pushes. Endpoints have a way of their own, which never makes clusters anew: the first
 * change after a quiet time is pushed at once, what follows is merged over a short time. Everything else, and what
 * more a change of endpoints means, is gathered until it has been quiet, becomes one full snapshot, and is pushed.
 *
 *     changes ─┬─ endpoints, workloads ─→ first at once ─→ newer endpoints ─→ push of EDS
 *              │                                     └─ mean more ─┐
 *              └─ everything else ─────────────────────────────────┴─→ quiet ─→ full snapshot ─→ push
 *
 * With `debounce: istio` there is the second way only, as in Istiod: changes of endpoints alone are then a push of EDS
 * after the quiet time.
 */
import {
  asapScheduler,
  auditTime,
  catchError,
  defer,
  EMPTY,
  filter,
  map,
  merge,
  of,
  partition,
  Subject,
  Subscription,
  tap,
  type Observable,
  type SchedulerLike,
} from 'rxjs';
import { errorMessage } from './base/errors.js';
import type { Logger } from './base/logger.js';
import { inTurns, type Pace } from './base/pace.js';
import { typeUrls } from './envoy/type-urls.js';
import { firstAtOnce, workWhenQuiet } from './mesh/debounce.js';
import type { ChangeKind, MeshChange, MeshState } from './mesh/mesh-state.js';
import { sameButSecrets } from './mesh/snapshot-parts.js';
import type { NextSnapshot } from './mesh/snapshot-series.js';
import type { Snapshot } from './mesh/snapshot.js';
import type { Proxy } from './model/proxy.js';
import { PushPace } from './push-pace.js';
import type { SourceChange } from './xds/source.js';

/** Where changes come from and pushes go to. */
export interface PushParts {
  readonly mesh: Pick<MeshState, 'synced' | 'build' | 'refreshEndpoints' | 'isBehind'>;
  readonly source: {
    readonly snapshot: Snapshot | undefined;
    update(snapshot: Snapshot, scope: 'all' | 'endpoints'): void;
  };
  readonly server: {
    push(change: SourceChange): void;
    /** Milliseconds that were spent on bringing changes to streams by now. */
    readonly spent: number;
  };
  readonly metrics: {
    /** A full snapshot was put together. */
    snapshotBuilt(snapshot: Snapshot, seconds: number): void;
    /** A push began so many seconds after the first of the changes that it waited to gather. */
    debounced(seconds: number): void;
  };
  readonly logger: Logger;
}

/** When changes are pushed; times in milliseconds. */
export interface PushOptions {
  /** `istio`: endpoints wait like everything else. */
  readonly debounce: 'fast' | 'istio';
  /** How long it must be quiet. */
  readonly debounceAfter: number;
  /** How long a change may wait for quiet at the most. */
  readonly debounceMax: number;
  /** Over which time changes of endpoints are merged that follow others; longer while pushing takes much of the time. */
  readonly endpointMerge: number;
  /** How snapshots are built; in turns when absent. */
  readonly pace?: Pace;
  /** For tests. */
  readonly scheduler?: SchedulerLike;
}

/** Milliseconds over which endpoints are merged at the most while they change all the time. */
const longestMerge = 1000;

/** What changes by these is seen by looking at the endpoints that there are now. */
const endpointKinds: ReadonlySet<ChangeKind> = new Set<ChangeKind>([
  'endpoints',
  'workload',
  'workload-removed',
]);

/** Brings changes of a mesh to a source and a server, from the first snapshot on. */
export class Pushes {
  /** Resolves once there is something to serve. */
  readonly ready: Promise<void>;
  readonly #parts: PushParts;
  readonly #pace: Pace;
  readonly #changes$ = new Subject<MeshChange>();
  /** Changes that only a full snapshot brings to proxies, although they are of endpoints or workloads. */
  readonly #more$ = new Subject<MeshChange>();
  /** When the first change of endpoints was made that was not looked at yet. */
  #endpointsSince = Infinity;
  readonly #subscription = new Subscription();
  #isReady: () => void = () => undefined;

  constructor(parts: PushParts, options: PushOptions) {
    this.#parts = parts;
    this.#pace = options.pace ?? inTurns;
    this.ready = new Promise((resolve) => {
      this.#isReady = resolve;
    });
    const { scheduler, ...times } = options;
    const clock = scheduler === undefined ? {} : { scheduler };
    const turnsEnd = scheduler ?? asapScheduler;
    // How a registry is doing is nothing that proxies see.
    const changes$ = this.#changes$.pipe(filter(({ what }) => what !== 'status'));
    const [endpoints$, others$] = partition(changes$, ({ what }) => endpointKinds.has(what));
    // The first snapshot is made as soon as everything has been said, at the end of the turn in which it was.
    const hurry$ = changes$.pipe(
      filter(() => parts.source.snapshot === undefined),
      auditTime(0, turnsEnd),
      filter(() => parts.source.snapshot === undefined && parts.mesh.synced),
    );
    const waiting$ =
      times.debounce === 'istio'
        ? changes$.pipe(map((change) => ({ change, full: !endpointKinds.has(change.what) })))
        : others$.pipe(map((change) => ({ change, full: true })));
    const more$ = this.#more$.pipe(map((change) => ({ change, full: true })));
    const quiet = { quietMs: times.debounceAfter, maxMs: times.debounceMax, hurry$, ...clock };
    this.#subscription.add(
      merge(waiting$, more$)
        .pipe(workWhenQuiet(quiet, (batch) => this.#pushBatch(batch)))
        .subscribe(),
    );
    if (times.debounce === 'istio') return;
    const pace = new PushPace({
      shortest: times.endpointMerge,
      longest: Math.max(times.endpointMerge, longestMerge),
      spent: () => parts.server.spent,
      ...(scheduler !== undefined && { now: () => scheduler.now() }),
    });
    const follow = {
      mergeMs: ({ length }: readonly MeshChange[]) => pace.next(length),
      atOnce: turnsEnd,
      ...clock,
    };
    this.#subscription.add(
      endpoints$
        .pipe(
          tap(({ at }) => (this.#endpointsSince = Math.min(this.#endpointsSince, at))),
          firstAtOnce(follow),
        )
        .subscribe((batch) => this.#pushEndpoints(batch)),
    );
  }

  /** The mesh changed. */
  changed(change: MeshChange): void {
    this.#changes$.next(change);
  }

  /** A proxy is served from now on. What registries say of it may be newer than the snapshot that it is served from. */
  attached(proxy: Proxy): void {
    if (this.#parts.mesh.isBehind(proxy))
      this.#more$.next({ what: 'workload', where: proxy.name, at: performance.now() });
  }

  /** Nothing is pushed any more. */
  dispose(): void {
    this.#subscription.unsubscribe();
  }

  #pushEndpoints(batch: readonly MeshChange[]): void {
    try {
      const next = this.#parts.mesh.refreshEndpoints();
      if (next !== undefined) this.#publish(next, batch);
    } catch (error) {
      this.#report(error);
    }
  }

  /** One push for everything that changed. */
  #pushBatch(gathered: readonly Gathered[]): Observable<unknown> {
    const { mesh, source, metrics } = this.#parts;
    // Only the first snapshot waits for everyone: a registry that comes later must not hold up the others.
    if (source.snapshot === undefined && !mesh.synced) return EMPTY;
    const batch = gathered.map(({ change }) => change);
    return defer(() => {
      const endpoints = gathered.some(({ full }) => full) ? undefined : mesh.refreshEndpoints();
      return endpoints?.more === false ? of(endpoints) : this.#build();
    }).pipe(
      tap((next) => {
        this.#publish(next, batch);
        metrics.debounced((performance.now() - sinceOf(batch)) / 1000);
      }),
      catchError((error: unknown) => {
        this.#report(error);
        return EMPTY;
      }),
    );
  }

  #build(): Observable<NextSnapshot> {
    const { mesh, metrics } = this.#parts;
    const began = performance.now();
    return this.#pace
      .drive(mesh.build())
      .pipe(tap(({ snapshot }) => metrics.snapshotBuilt(snapshot, (performance.now() - began) / 1000)));
  }

  #publish({ snapshot, differs, more }: NextSnapshot, batch: readonly MeshChange[]): void {
    const { source, server } = this.#parts;
    const since = Math.min(sinceOf(batch), this.#endpointsSince);
    this.#endpointsSince = Infinity;
    const before = source.snapshot;
    if (snapshot !== before) {
      source.update(snapshot, differs === 'endpoints' ? 'endpoints' : 'all');
      const types = pushedTypes(differs, before, snapshot);
      if (before === undefined) this.#isReady();
      else server.push({ reason: reasonOf(batch), version: snapshot.version, since, ...types });
    }
    if (more) this.#more$.next({ what: 'endpoints', where: 'endpoints', at: since });
  }

  #report(error: unknown): void {
    this.#parts.logger.error('a change could not be put into force; what was served goes on being served', {
      error: errorMessage(error),
    });
  }
}

/** A change that waits for quiet, and whether only a full snapshot brings it to proxies. */
interface Gathered {
  readonly change: MeshChange;
  readonly full: boolean;
}

const endpointTypes: ReadonlySet<string> = new Set([typeUrls.eds]);
const secretTypes: ReadonlySet<string> = new Set([typeUrls.sds]);

/** The types that may differ; none are named where any may. */
function pushedTypes(
  differs: NextSnapshot['differs'],
  before: Snapshot | undefined,
  now: Snapshot,
): Pick<SourceChange, 'types'> {
  if (differs === 'endpoints') return { types: endpointTypes };
  return before !== undefined && sameButSecrets(before, now) ? { types: secretTypes } : {};
}

/** When the first of some changes was made. */
function sinceOf(batch: readonly MeshChange[]): number {
  return batch.reduce((since, { at }) => Math.min(since, at), Infinity);
}

/** One word or a few for why a push is made: what changed, most frequent first. */
function reasonOf(batch: readonly MeshChange[]): string {
  const counts = new Map<string, number>();
  for (const { what } of batch) counts.set(what, (counts.get(what) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([what]) => what)
    .join('+');
}
