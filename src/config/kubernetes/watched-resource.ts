/** One resource of a cluster: watched while it is served, waited for while it is not. */
import type { ApiClient } from '../../kubernetes/api-client.js';
import { ApiError } from '../../kubernetes/api-error.js';
import { ListWatch, type ListWatchListener, type RawObject } from '../../kubernetes/list-watch.js';
import type { ObjectTable } from './object-table.js';
import { apiVersionOf, resourcePath, type ApiResource } from './resources.js';

/**
 * `unknown`: nobody has said yet whether it is served. `absent`: it is not served. `loading`: it has not been listed
 * yet. `watching`: everything is known. `failing`: what was known last is all there is.
 */
export type ResourceState = 'unknown' | 'absent' | 'loading' | 'watching' | 'failing';

/** What the resource tells the cluster that it is part of. */
export interface ResourceHost {
  /** Its state is another one than before. @param recovered it was failing and is not any more. */
  stateChanged(recovered: boolean): void;
  /** It is said not to exist: it should be found out whether it is still served. */
  lookAgain(): void;
}

export class WatchedResource implements ListWatchListener {
  readonly resource: ApiResource;
  readonly table: ObjectTable;
  readonly #client: ApiClient;
  readonly #host: ResourceHost;
  #version = '';
  #run: AbortController | undefined;
  #listWatch: ListWatch | undefined;
  #state: ResourceState = 'unknown';
  #error: Error | undefined;
  /** It has been listed since it was served, so that nothing is missing. */
  #complete = false;
  #absentSince: number | undefined;
  /** What to make of an answer that there is no such resource: one that is taken away gives it a moment before. */
  #existence: 'certain' | 'doubted' | 'confirmed' = 'certain';
  #lists = 0;

  constructor(resource: ApiResource, table: ObjectTable, client: ApiClient, host: ResourceHost) {
    this.resource = resource;
    this.table = table;
    this.#client = client;
    this.#host = host;
  }

  get state(): ResourceState {
    return this.#state;
  }

  /** The version in which it is read; empty while it is not served. */
  get version(): string {
    return this.#version;
  }

  /** How often it has been listed: more than once where the API had forgotten what happened meanwhile. */
  get lists(): number {
    return this.#lists;
  }

  /** Why it is failing. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** Everything that there is has been said. */
  get complete(): boolean {
    return this.#complete || this.#state === 'absent';
  }

  /** It is served in a version: watches it from now on, unless it does so already. */
  serve(version: string): void {
    if (this.#existence === 'doubted') this.#existence = 'confirmed';
    if (this.#run !== undefined && this.#version === version) return;
    this.#absentSince = undefined;
    this.#run?.abort();
    this.#run = new AbortController();
    this.#version = version;
    this.table.apiVersion = apiVersionOf(this.resource, version);
    this.#setState('loading');
    this.#listWatch = new ListWatch(this.#client, resourcePath(this.resource, version), this);
    void this.#listWatch.run(this.#run.signal);
  }

  /** The API answers again: if this resource is failing, it is tried now. */
  retryNow(): void {
    if (this.#state === 'failing') this.#listWatch?.retryNow();
  }

  /**
   * It is not served. Its objects stay in force for a while: a server that has just been started does not know all
   * kinds, and when a kind is taken away its objects are, one by one, before.
   */
  miss(now: number): void {
    this.end();
    this.#version = '';
    this.#absentSince ??= now;
    if (now - this.#absentSince >= this.#client.timing.absence) this.table.clear();
    this.#setState('absent');
  }

  /** Watches no longer. */
  end(): void {
    this.#run?.abort();
    this.#run = undefined;
  }

  listBegins(version: string): void {
    this.table.beginList(version);
  }

  listed(item: RawObject): void {
    this.table.addListed(item);
  }

  listEnds(): void {
    this.table.endList();
    this.#complete = true;
    this.#lists += 1;
    this.#setState('watching');
  }

  changed(object: RawObject): void {
    this.table.set(object);
  }

  deleted(object: RawObject): void {
    this.table.delete(object);
  }

  watching(): void {
    this.#setState('watching');
  }

  failed(error: Error, again: boolean): void {
    if (error instanceof ApiError && error.status === 404) {
      if (this.#existence === 'certain') this.#existence = 'doubted';
      this.#host.lookAgain();
      if (this.#existence === 'doubted') return;
    }
    if (again) this.#setState('failing', error);
  }

  #setState(state: ResourceState, error?: Error): void {
    if (state === 'watching' || state === 'absent') this.#existence = 'certain';
    if (this.#state === state && this.#error?.message === error?.message) return;
    const recovered = this.#state === 'failing' && state === 'watching';
    this.#state = state;
    this.#error = error;
    this.#host.stateChanged(recovered);
  }
}
