/**
 * The objects of a live cluster, by list and watch. One watch of the API serves all who watch the source: each is told
 * what is there, and then what changes. What cannot be read at present keeps its force.
 */
import { Observable, type Subscriber } from 'rxjs';
import { PilotError, errorMessage } from '../../base/errors.js';
import { silentLogger, type Logger } from '../../base/logger.js';
import type { ApiClient } from '../../kubernetes/api-client.js';
import { Backoff } from '../../base/backoff.js';
import { pause, type RawObject } from '../../kubernetes/list-watch.js';
import type { Kind, ObjectEvent, ObjectSource, Problem } from '../object.js';
import { discover, type ServedVersions } from './discovery.js';
import { ObjectTable } from './object-table.js';
import { apiResources } from './resources.js';
import { isInRevision } from './revision.js';
import { WatchedResource, type ResourceState } from './watched-resource.js';

export interface KubernetesSourceOptions {
  /** Cluster id, `Kubernetes` for the primary one. */
  readonly cluster: string;
  /** For people, `kubernetes/<context>`. */
  readonly name: string;
  /** The cluster's API. It is used, not owned: whoever made it closes it, after the source. */
  readonly client: ApiClient;
  /** Kinds to read; all when absent. */
  readonly kinds?: ReadonlySet<Kind>;
  /** Objects of Istio's kinds that are another revision's do not count; all do when absent. */
  readonly revision?: string;
  readonly logger?: Logger;
}

/** How one resource is doing, for people. */
export interface ResourceStatus {
  readonly kind: Kind;
  /** As kubectl writes it, such as `sidecars.v1.networking.istio.io`; without a version while it is not served. */
  readonly resource: string;
  readonly state: ResourceState;
  readonly objects: number;
  /** Objects of other revisions, if there are any. */
  readonly leftOut?: number;
  /** How often everything had to be listed. */
  readonly lists: number;
  /** Why it is failing. */
  readonly error?: string;
}

export class KubernetesObjectSource implements ObjectSource {
  readonly cluster: string;
  readonly name: string;
  readonly #client: ApiClient;
  readonly #logger: Logger;
  readonly #resources: readonly WatchedResource[];
  readonly #subscribers = new Set<Subscriber<ObjectEvent>>();
  readonly #waiting = new Set<() => void>();
  readonly #end = new AbortController();
  /** Ends the pause between two looks at which kinds there are. */
  #pause = new AbortController();
  #started = false;
  #discovered = false;
  #discoveryError: Error | undefined;
  #synced = false;
  /** What subscribers were told last of why the cluster cannot be read. */
  #failure: PilotError | undefined;

  constructor({ cluster, name, client, kinds, revision, logger = silentLogger }: KubernetesSourceOptions) {
    this.cluster = cluster;
    this.name = name;
    this.#client = client;
    this.#logger = logger.child({ cluster });
    const listener = {
      tell: (event: ObjectEvent) => this.#tell(event),
      found: (before: readonly Problem[], now: readonly Problem[]) => this.#report(before, now),
    };
    const host = {
      stateChanged: (recovered: boolean) => {
        if (recovered) this.#retryAll();
        this.#settle();
      },
      lookAgain: () => this.#pause.abort(),
    };
    this.#resources = apiResources
      .filter(({ kind }) => kinds?.has(kind) ?? true)
      .map((resource) => {
        const counts = (raw: RawObject): boolean =>
          revision === undefined || isInRevision(resource, raw, revision);
        const table = new ObjectTable(resource.kind, { source: name }, listener, counts);
        return new WatchedResource(resource, table, client, host);
      });
  }

  /** Begins to read the cluster. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    void this.#discoverForEver();
  }

  /** Ends every watch. Subscribers are told nothing more. */
  close(): void {
    this.#end.abort();
    this.#pause.abort();
    for (const resource of this.#resources) resource.end();
    this.#subscribers.clear();
    this.#wake();
  }

  /** Everything that the cluster holds has been said once. */
  get synced(): boolean {
    return this.#synced;
  }

  /** Why the cluster, or a part of it, cannot be read at present. */
  get failure(): PilotError | undefined {
    return this.#failure;
  }

  /** Waits until everything has been said once, but no longer than some milliseconds. Whether it has. */
  async whenSynced(limit: number): Promise<boolean> {
    if (this.#synced || this.#end.signal.aborted) return this.#synced;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, limit);
      this.#waiting.add(done);
    });
    return this.#synced;
  }

  /** How each resource is doing. */
  status(): readonly ResourceStatus[] {
    return this.#resources.map(
      ({ resource: { kind, plural, group }, version, state, lists, table, error }) => ({
        kind,
        resource: [plural, version, group].filter((part) => part !== '').join('.'),
        state,
        objects: table.size,
        ...(table.leftOut > 0 && { leftOut: table.leftOut }),
        lists,
        ...(error === undefined ? {} : { error: error.message }),
      }),
    );
  }

  /** What is wrong or doubtful with objects at present. */
  problems(): readonly Problem[] {
    return this.#resources.flatMap(({ table }) => [...table.problems()]);
  }

  watch(): Observable<ObjectEvent> {
    return new Observable<ObjectEvent>((subscriber) => {
      for (const { table } of this.#resources) {
        for (const object of table.objects()) subscriber.next({ type: 'upsert', object });
      }
      if (this.#synced) subscriber.next({ type: 'synced' });
      if (this.#failure !== undefined) subscriber.next({ type: 'failed', error: this.#failure });
      if (this.#end.signal.aborted) return undefined;
      this.#subscribers.add(subscriber);
      return () => this.#subscribers.delete(subscriber);
    });
  }

  async #discoverForEver(): Promise<void> {
    const { firstRetry, lastRetry, discoverAll, discoverMissing } = this.#client.timing;
    const backoff = new Backoff({ first: firstRetry, most: lastRetry });
    const resources = this.#resources.map(({ resource }) => resource);
    while (!this.#end.signal.aborted) {
      this.#pause = new AbortController();
      let wait: number;
      try {
        const served = await discover(this.#client, resources, this.#end.signal);
        if (this.#end.signal.aborted) return;
        if (backoff.failures > 0) this.#retryAll();
        backoff.reset();
        this.#adopt(served);
        wait = this.#resources.every(({ version }) => version !== '') ? discoverAll : discoverMissing;
      } catch (error) {
        if (this.#end.signal.aborted) return;
        wait = backoff.next();
        this.#discoveryError = error instanceof Error ? error : new Error(String(error));
        this.#settle();
      }
      await pause(wait, this.#pause.signal);
    }
  }

  #adopt(served: ServedVersions): void {
    this.#discovered = true;
    this.#discoveryError = undefined;
    const now = performance.now();
    for (const watched of this.#resources) {
      const version = served.get(watched.resource.kind);
      if (version === undefined) watched.miss(now);
      else watched.serve(version);
    }
    this.#settle();
  }

  /** What has failed for the same reason as something that works now need not wait any longer. */
  #retryAll(): void {
    for (const resource of this.#resources) resource.retryNow();
  }

  /** Tells what follows from the states of all resources. */
  #settle(): void {
    const before = this.#failure;
    const failure = this.#currentFailure();
    this.#failure = failure;
    const firstSync = !this.#synced && this.#discovered && this.#resources.every(({ complete }) => complete);
    const mended = before !== undefined && failure === undefined;
    if (firstSync) this.#synced = true;
    if (firstSync) this.#logger.info(`${this.name}: ${this.#count()} objects are known`);
    if (mended) this.#logger.info(`${this.name} can be read again`);
    if (failure !== undefined && before === undefined)
      this.#logger.warn(`${this.name} cannot be read: ${failure.message}`);
    if (firstSync || (mended && this.#synced)) this.#tell({ type: 'synced' });
    // Who hears that everything was said once takes it that all is well.
    if (failure !== undefined && (firstSync || failure.message !== before?.message))
      this.#tell({ type: 'failed', error: failure });
    if (firstSync) this.#wake();
  }

  #currentFailure(): PilotError | undefined {
    const failing = this.#resources.filter(({ state }) => state === 'failing');
    const messages = new Set(failing.map(({ error }) => errorMessage(error)));
    // Once it is known what there is, what keeps objects from being read says more.
    if (!this.#discovered && this.#discoveryError !== undefined)
      return new PilotError('CLUSTER_UNREADABLE', this.#discoveryError.message, {
        cause: this.#discoveryError,
      });
    const [first] = messages;
    if (first === undefined) return undefined;
    const text = messages.size === 1 ? first : `${first}; and others`;
    return new PilotError('CLUSTER_UNREADABLE', text, { cause: failing[0]?.error });
  }

  #count(): number {
    return this.#resources.reduce((sum, { table }) => sum + table.size, 0);
  }

  #tell(event: ObjectEvent): void {
    // One that begins to watch on account of this event has got everything already.
    for (const subscriber of Array.from(this.#subscribers)) subscriber.next(event);
  }

  #wake(): void {
    for (const done of Array.from(this.#waiting)) done();
  }

  #report(before: readonly Problem[], now: readonly Problem[]): void {
    const known = new Set(before.map(problemText));
    const current = new Set(now.map(problemText));
    for (const problem of now) {
      const text = problemText(problem);
      if (known.has(text)) continue;
      if (problem.severity === 'error') this.#logger.error(`refused: ${text}`);
      else this.#logger.warn(text);
    }
    for (const text of known) if (!current.has(text)) this.#logger.info(`mended: ${text}`);
  }
}

function problemText({ file, object, path, message }: Problem): string {
  return [file, object, path, message].filter((part) => part !== undefined && part !== '').join(': ');
}
