/** A few objects of one namespace that are read as they are, by list and watch: a ConfigMap, Secrets. */
import type { ApiClient } from '../kubernetes/api-client.js';
import { ApiError } from '../kubernetes/api-error.js';
import { ListWatch, type ListWatchListener, type RawObject } from '../kubernetes/list-watch.js';

export interface CollectionOptions {
  readonly client: ApiClient;
  /** Such as `/api/v1/namespaces/istio-system/secrets`. */
  readonly path: string;
  /** `labelSelector` or `fieldSelector`. */
  readonly selector: Readonly<Record<string, string>>;
  /** What is kept of an object, if anything; all of it when absent. */
  readonly keep?: (item: RawObject) => RawObject | undefined;
  /** Called when everything has been listed, and whenever something differs since; not while nothing is known yet. */
  readonly onChange: (items: readonly RawObject[]) => void;
  /** Called with why it cannot be read, and with nothing once it can again. */
  readonly onFailure: (error: Error | undefined) => void;
}

/** Keeps the objects; what cannot be read at present keeps its force. */
export class Collection implements ListWatchListener {
  readonly #options: CollectionOptions;
  readonly #end = new AbortController();
  #items = new Map<string, RawObject>();
  /** Of a list that is not complete yet. */
  #pending = new Map<string, RawObject>();
  #listWatch: ListWatch | undefined;
  #failure: Error | undefined;
  #isListed: () => void = () => undefined;
  #isSettled: () => void = () => undefined;
  /** Resolves once everything has been listed. */
  readonly whenListed: Promise<void>;
  /** Resolves once everything has been listed, or is known not to be allowed to be. */
  readonly whenSettled: Promise<void>;

  constructor(options: CollectionOptions) {
    this.#options = options;
    this.whenListed = new Promise((resolve) => {
      this.#isListed = resolve;
    });
    this.whenSettled = new Promise((resolve) => {
      this.#isSettled = resolve;
    });
  }

  /** Why it cannot be read at present. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  start(): void {
    const { client, path, selector } = this.#options;
    this.#listWatch = new ListWatch(client, path, this, selector);
    void this.#listWatch.run(this.#end.signal);
  }

  /** The API answers again: if this is failing, it is tried now. */
  retryNow(): void {
    if (this.#failure !== undefined) this.#listWatch?.retryNow();
  }

  /** Ends the watch. Nothing is told any more. */
  close(): void {
    this.#end.abort();
  }

  listBegins(): void {
    this.#pending = new Map();
  }

  listed(item: RawObject): void {
    const kept = this.#kept(item);
    if (kept !== undefined) this.#pending.set(item.metadata.name, kept);
  }

  listEnds(): void {
    this.#items = this.#pending;
    this.#setFailure(undefined);
    this.#tell();
    this.#isListed();
    this.#isSettled();
  }

  changed(object: RawObject): void {
    const kept = this.#kept(object);
    if (kept === undefined) return;
    this.#items.set(object.metadata.name, kept);
    this.#tell();
  }

  deleted(object: RawObject): void {
    if (this.#items.delete(object.metadata.name)) this.#tell();
  }

  watching(): void {
    this.#setFailure(undefined);
  }

  failed(error: Error, again: boolean): void {
    if (!again) return;
    this.#setFailure(error);
    if (error instanceof ApiError && error.status === 403) this.#isSettled();
  }

  #kept(item: RawObject): RawObject | undefined {
    const { keep } = this.#options;
    return keep === undefined ? item : keep(item);
  }

  #tell(): void {
    this.#options.onChange([...this.#items.values()]);
  }

  #setFailure(error: Error | undefined): void {
    if (this.#failure?.message === error?.message) return;
    this.#failure = error;
    this.#options.onFailure(error);
  }
}
