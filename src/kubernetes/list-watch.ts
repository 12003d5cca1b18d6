/**
 * All objects of one resource, and what becomes of them: a list in pages, then a watch that is taken up again where
 * it ended. Where the server does not know any more what was there (410), everything is listed anew, and whoever
 * listens finds out what differs.
 */
import type { ApiClient } from './api-client.js';
import { apiError, isExpired } from './api-error.js';
import { Backoff } from '../base/backoff.js';
import { lines } from './body.js';

/** An object of the API as its JSON, as far as it matters here. */
export interface RawObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
  };
}

/** Who listens. Calls come one after the other. */
export interface ListWatchListener {
  /** A list begins. One that was not ended is void: its items count for nothing. */
  listBegins(resourceVersion: string): void;
  listed(item: RawObject): void;
  /** The list is complete: what it did not name is gone. */
  listEnds(): void;
  /** An object is new, or is another one than before. */
  changed(object: RawObject): void;
  deleted(object: RawObject): void;
  /** The resource is being watched. Also called when it is known to be so already. */
  watching(): void;
  /** The resource could not be read. @param again it was tried again at once, or never worked: it is more than a hitch. */
  failed(error: Error, again: boolean): void;
}

/**
 * Objects of one page of a list. The JSON of a page of Pods of this size is gone before memory is cleaned up
 * thoroughly; with pages of 500 the peak of memory is a third higher, and reading is no faster.
 */
const pageSize = 200;

/** A watch that ends sooner than this, in milliseconds, and says nothing is taken for a failure. */
const shortWatch = 1000;

/** How often a list in pages is begun anew when the server forgot where it was; then it is asked for in one piece. */
const pagedAttempts = 2;

export class ListWatch {
  readonly #client: ApiClient;
  readonly #path: string;
  readonly #selector: Readonly<Record<string, string>>;
  readonly #listener: ListWatchListener;
  readonly #backoff: Backoff;
  /** Up to where everything is known; undefined before a list. */
  #version: string | undefined;
  #listedOnce = false;
  /** What was known had expired, and has been listed anew since the last thing that a watch said. */
  #renewed = false;
  #sleep: AbortController | undefined;

  /**
   * @param path of the resource, in all namespaces (`/api/v1/pods`) or one of them.
   * @param selector which of its objects are read, as the API's query has it (`labelSelector`, `fieldSelector`); all
   * when empty.
   */
  constructor(
    client: ApiClient,
    path: string,
    listener: ListWatchListener,
    selector: Readonly<Record<string, string>> = {},
  ) {
    this.#client = client;
    this.#path = path;
    this.#selector = selector;
    this.#listener = listener;
    this.#backoff = new Backoff({ first: client.timing.firstRetry, most: client.timing.lastRetry });
  }

  /** Lists and watches until the signal ends it. Never fails. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const wait = await this.#once(signal);
      if (wait === 0 || signal.aborted) continue;
      this.#sleep = new AbortController();
      const wake = (): void => this.#sleep?.abort();
      signal.addEventListener('abort', wake, { once: true });
      await pause(wait, this.#sleep.signal);
      signal.removeEventListener('abort', wake);
    }
  }

  /** Waits no longer after a failure: there is reason to believe that it will work now, or soon. */
  retryNow(): void {
    this.#backoff.reset();
    this.#sleep?.abort();
  }

  /** Lists if that is needed, and watches until the watch ends. Milliseconds to wait before the next time. */
  async #once(signal: AbortSignal): Promise<number> {
    try {
      if (this.#version === undefined) await this.#list(signal);
      await this.#watch(signal);
      return 0;
    } catch (error) {
      if (signal.aborted) return 0;
      return this.#failed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #failed(error: Error): number {
    if (isExpired(error)) {
      this.#version = undefined;
      if (!this.#renewed) {
        this.#renewed = true;
        return 0;
      }
    }
    const wait = this.#backoff.next('retryAfter' in error ? Number(error.retryAfter) : 0);
    this.#listener.failed(error, this.#backoff.failures > 1 || !this.#listedOnce);
    return wait;
  }

  async #list(signal: AbortSignal): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const limit = attempt <= pagedAttempts ? pageSize : undefined;
      try {
        this.#version = await this.#listPages(limit, signal);
        this.#listedOnce = true;
        return;
      } catch (error) {
        if (limit === undefined || !isExpired(error)) throw error;
      }
    }
  }

  /** The version of the list. */
  async #listPages(limit: number | undefined, signal: AbortSignal): Promise<string> {
    let position = '';
    let version: string | undefined;
    do {
      const query = new URLSearchParams(this.#selector);
      if (limit !== undefined) query.set('limit', String(limit));
      if (position !== '') query.set('continue', position);
      const page = readPage(await this.#client.json({ path: `${this.#path}?${query.toString()}`, signal }));
      // Whoever ended this may be listing already in another way, for the same listener.
      signal.throwIfAborted();
      if (version === undefined) this.#listener.listBegins(page.version);
      version ??= page.version;
      for (const [index, item] of page.items.entries()) {
        this.#listener.listed(item);
        if ((index + 1) % pageSize === 0) await breathe();
        signal.throwIfAborted();
      }
      position = page.next;
    } while (position !== '');
    this.#listener.listEnds();
    return version;
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { watch, silence } = this.#client.timing;
    const seconds = Math.ceil((watch * (1 + Math.random())) / 1000);
    const query = new URLSearchParams({
      ...this.#selector,
      watch: '1',
      allowWatchBookmarks: 'true',
      resourceVersion: this.#version ?? '',
      timeoutSeconds: String(seconds),
    });
    const began = performance.now();
    const { body } = await this.#client.send({ path: `${this.#path}?${query.toString()}`, signal });
    signal.throwIfAborted();
    this.#listener.watching();
    let heard = false;
    for await (const batch of lines(body, silence)) {
      signal.throwIfAborted();
      for (const line of batch) this.#take(JSON.parse(line) as WatchEvent);
      heard = true;
      this.#worked();
    }
    if (!heard && performance.now() - began < shortWatch)
      throw new Error('the watch ended as soon as it began');
    this.#worked();
  }

  #worked(): void {
    this.#backoff.reset();
    this.#renewed = false;
  }

  #take({ type, object }: WatchEvent): void {
    switch (type) {
      case 'ADDED':
      case 'MODIFIED':
        this.#listener.changed(object);
        break;
      case 'DELETED':
        this.#listener.deleted(object);
        break;
      case 'ERROR':
        throw apiError(
          `watching ${this.#path}`,
          Number((object as { readonly code?: number }).code),
          JSON.stringify(object),
        );
      default:
        // A bookmark, and what may yet be invented, says nothing but how far the server is.
        break;
    }
    this.#version = object.metadata.resourceVersion ?? this.#version;
  }
}

interface WatchEvent {
  readonly type: string;
  readonly object: RawObject;
}

interface Page {
  readonly items: readonly RawObject[];
  readonly version: string;
  /** Where the next page begins; empty for the last one. */
  readonly next: string;
}

function readPage(value: unknown): Page {
  const list = value as {
    readonly items?: readonly RawObject[] | null;
    readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  } | null;
  const version = list?.metadata?.resourceVersion;
  if (version === undefined || version === '') throw new Error('the answer is no list of the Kubernetes API');
  return { items: list?.items ?? [], version, next: list?.metadata?.continue ?? '' };
}

/** Gives other work a turn. */
function breathe(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Waits, but not longer than the signal. @param milliseconds to wait. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
