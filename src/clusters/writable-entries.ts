/** The ServiceEntries of a cluster, as the one who writes their statuses knows them. */
import { deepEqual } from '../base/compare.js';
import { ApiError } from '../kubernetes/api-error.js';
import type { ListWatchListener, RawObject } from '../kubernetes/list-watch.js';
import { isOlderVersion } from '../kubernetes/resource-version.js';
import { allocationKey } from '../registry/service-entry/auto-allocation.js';
import { writableEntry, type WritableEntry } from './address-plan.js';

/** What is told of entries. */
export interface WritableEntriesListener {
  /** Another plan may come of it. Not told before all entries are known. */
  changed(): void;
  /** The kind is not served any more. */
  gone(): void;
  /** Entries cannot be read, or can be again. */
  readable(error: Error | undefined): void;
}

/** Follows a list and a watch. */
export class WritableEntries implements ListWatchListener {
  readonly #listener: WritableEntriesListener;
  #entries = new Map<string, WritableEntry>();
  /** Of a list that is not complete yet. */
  #pending = new Map<string, WritableEntry>();
  #listed = false;
  /** Versions that are not the newest, or whose status does not become what is written: they are left alone. */
  readonly #blocked = new Map<string, string>();

  constructor(listener: WritableEntriesListener) {
    this.#listener = listener;
  }

  /** All entries. */
  get entries(): Iterable<WritableEntry> {
    return this.#entries.values();
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Whether an entry is still what it was when a plan was made. */
  isCurrent(entry: WritableEntry): boolean {
    return this.#entries.get(allocationKey(entry)) === entry;
  }

  /** Whether an entry is not to be written to as it is. */
  isBlocked(entry: WritableEntry): boolean {
    return this.#blocked.get(allocationKey(entry)) === entry.resourceVersion;
  }

  /** Takes in what an entry is after it was written to. */
  written(entry: WritableEntry): void {
    const key = allocationKey(entry);
    const before = this.#entries.get(key);
    if (before !== undefined && isOlderVersion(before.resourceVersion, entry.resourceVersion))
      this.#entries.set(key, entry);
  }

  /** An entry is not to be written to before it is another one. */
  block(entry: WritableEntry): void {
    this.#blocked.set(allocationKey(entry), entry.resourceVersion);
  }

  listBegins(): void {
    this.#pending = new Map();
  }

  listed(item: RawObject): void {
    const entry = writableEntry(item);
    this.#pending.set(allocationKey(entry), entry);
  }

  listEnds(): void {
    this.#entries = this.#pending;
    this.#listed = true;
    for (const key of this.#blocked.keys()) if (!this.#entries.has(key)) this.#blocked.delete(key);
    this.#listener.readable(undefined);
    this.#listener.changed();
  }

  changed(object: RawObject): void {
    const entry = writableEntry(object);
    const key = allocationKey(entry);
    const before = this.#entries.get(key);
    // What was written is known before the watch tells it, and what was there before.
    if (before?.resourceVersion === entry.resourceVersion) return;
    if (before !== undefined && isOlderVersion(entry.resourceVersion, before.resourceVersion)) return;
    this.#entries.set(key, entry);
    const wasBlocked = this.#blocked.delete(key);
    if (wasBlocked || before === undefined || !sameMeaning(before, entry)) this.#tell();
  }

  deleted(object: RawObject): void {
    const key = allocationKey(writableEntry(object));
    this.#entries.delete(key);
    this.#blocked.delete(key);
    this.#tell();
  }

  watching(): void {
    this.#listener.readable(undefined);
  }

  failed(error: Error, again: boolean): void {
    if (error instanceof ApiError && error.status === 404) this.#listener.gone();
    else if (again) this.#listener.readable(error);
  }

  #tell(): void {
    if (this.#listed) this.#listener.changed();
  }
}

function sameMeaning(a: WritableEntry, b: WritableEntry): boolean {
  return deepEqual(a.metadata, b.metadata) && deepEqual(a.spec, b.spec);
}
