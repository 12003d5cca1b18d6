/**
 * Writes the addresses of ServiceEntries to their statuses for as long as one leads: reads all entries, plans, writes
 * what is due one after the other, and begins anew when an entry changes. Each write is for one version of an entry. When
 * there is a newer one, the API server refuses the write, and what is due is worked out from the newer one.
 */
import { errorMessage } from '../base/errors.js';
import { discover } from '../config/kubernetes/discovery.js';
import { apiResources, resourcePath, type ApiResource } from '../config/kubernetes/resources.js';
import type { Kind } from '../config/object.js';
import type { ApiClient } from '../kubernetes/api-client.js';
import { ApiError } from '../kubernetes/api-error.js';
import { Backoff } from '../base/backoff.js';
import type { Term } from '../kubernetes/leader-election.js';
import { ListWatch, pause } from '../kubernetes/list-watch.js';
import { allocationKey, type AllocationPositions } from '../registry/service-entry/auto-allocation.js';
import { addressPlan, type DueWrite, type WritableEntry } from './address-plan.js';
import { writeAddresses, type WriteResult } from './address-write.js';
import { WritableEntries } from './writable-entries.js';

/** What a term asks and tells. */
export interface AddressTermHost {
  /** Whether entries of a namespace count. */
  selected(namespace: string): boolean;
  /** How it looks at present. */
  progress(progress: AddressProgress): void;
  /** What became of one write. */
  wrote(result: WriteResult, entry: WritableEntry): void;
  /** Entries cannot be read, or can be. */
  reading(error: Error | undefined): void;
  /** Statuses cannot be written, or can be. */
  writing(error: Error | undefined): void;
}

/** How far the statuses of a cluster are. */
export interface AddressProgress {
  /** ServiceEntries that count. */
  readonly entries: number;
  /** Statuses that are not what they should be. */
  readonly due: number;
  /** Hosts for which the ranges have nothing left. */
  readonly starved: number;
}

/** How long things take, in milliseconds. */
export interface AddressWriteTiming {
  /** What changes within this time after a first change is planned together. */
  readonly gather: number;
  /** Between two writes. */
  readonly interval: number;
  /** Writes after which a new plan is made, since others change entries meanwhile. */
  readonly batch: number;
}

const defaultAddressWriteTiming: AddressWriteTiming = { gather: 100, interval: 10, batch: 100 };

const serviceEntries = resourceOf('ServiceEntry');

export class AddressTerm {
  readonly #client: ApiClient;
  readonly #term: Term;
  readonly #host: AddressTermHost;
  readonly #timing: AddressWriteTiming;
  readonly #backoff: Backoff;
  #positions: AllocationPositions = { ipv4: 0n, ipv6: 0n };
  /** Something changed since the last plan. */
  #stale = false;
  #wake: () => void = () => undefined;
  /** Keys of entries of which the last write failed: they come last, so that they keep no others from being written. */
  readonly #failed = new Set<string>();
  /** Ends the wait after a failure. */
  #retry = new AbortController();
  #unreadable = false;

  constructor(client: ApiClient, term: Term, host: AddressTermHost, timing = defaultAddressWriteTiming) {
    this.#client = client;
    this.#term = term;
    this.#host = host;
    this.#timing = timing;
    this.#backoff = new Backoff({ first: client.timing.firstRetry, most: client.timing.lastRetry });
  }

  /** Writes until the term ends. Never fails. */
  async run(): Promise<void> {
    for (;;) {
      const version = await this.#servedVersion();
      if (version === undefined) return;
      await this.#follow(resourcePath(serviceEntries, version));
    }
  }

  /** Another plan may come of what changed elsewhere. */
  replan(): void {
    this.#stale = true;
    this.#wake();
  }

  /** Waits until the kind is served. Undefined when the term has ended. */
  async #servedVersion(): Promise<string | undefined> {
    const { signal } = this.#term;
    const { discoverMissing } = this.#client.timing;
    while (!signal.aborted) {
      try {
        const served = await discover(this.#client, [serviceEntries], signal);
        const version = served.get('ServiceEntry');
        if (version !== undefined && !signal.aborted) return version;
        await pause(discoverMissing, signal);
      } catch (error) {
        if (signal.aborted) break;
        this.#host.reading(asError(error));
        await pause(this.#backoff.next(), signal);
      }
    }
    return undefined;
  }

  /** Follows all entries, until the term ends or the kind is not served any more. @param path of the resource. */
  async #follow(path: string): Promise<void> {
    const end = new AbortController();
    const abort = (): void => {
      end.abort();
      this.#wake();
    };
    this.#term.signal.addEventListener('abort', abort, { once: true });
    this.#stale = false;
    const entries = new WritableEntries({
      changed: () => this.replan(),
      gone: abort,
      readable: (error) => this.#setReadable(error),
    });
    const watching = new ListWatch(this.#client, path, entries).run(end.signal);
    while (!end.signal.aborted) {
      if (!this.#stale) await this.#nextChange();
      await pause(this.#timing.gather, end.signal);
      while (this.#stale && !end.signal.aborted) await this.#round(path, entries, end.signal);
    }
    this.#term.signal.removeEventListener('abort', abort);
    await watching;
  }

  /** Makes a plan and writes the beginning of it. Something is stale after it unless that was all. */
  async #round(path: string, entries: WritableEntries, signal: AbortSignal): Promise<void> {
    this.#stale = false;
    const counting = [...entries.entries].filter(({ metadata }) => this.#host.selected(metadata.namespace));
    const { writes, starved } = addressPlan(counting, this.#positions);
    let due = writes.length;
    const tell = (): void => this.#host.progress({ entries: counting.length, due, starved });
    tell();
    const possible = this.#failedLast(writes.filter(({ entry }) => !entries.isBlocked(entry)));
    for (const write of possible.slice(0, this.#timing.batch)) {
      if (!entries.isCurrent(write.entry)) {
        this.#stale = true;
        continue;
      }
      // One who was stopped for a while does not lead any more before it knows.
      if (signal.aborted || !this.#term.holds()) {
        this.#stale = true;
        await pause(this.#timing.gather, signal);
        return;
      }
      const result = await writeAddresses(this.#client, path, write, signal);
      if (signal.aborted) return;
      this.#take(write, result, entries);
      if (result.outcome === 'failed') {
        this.#stale = true;
        this.#retry = new AbortController();
        await pauseUnless(this.#backoff.next(retryAfter(result.error)), signal, this.#retry.signal);
        return;
      }
      if (result.outcome === 'written') due -= 1;
      tell();
      await pause(this.#timing.interval, signal);
    }
    if (possible.length > this.#timing.batch) this.#stale = true;
    if (!this.#stale) this.#host.writing(undefined);
  }

  #failedLast(writes: readonly DueWrite[]): readonly DueWrite[] {
    const again = writes.filter(({ entry }) => this.#failed.has(allocationKey(entry)));
    this.#failed.clear();
    for (const { entry } of again) this.#failed.add(allocationKey(entry));
    return [...writes.filter(({ entry }) => !this.#failed.has(allocationKey(entry))), ...again];
  }

  #take({ entry, positions }: DueWrite, result: WriteResult, entries: WritableEntries): void {
    const key = allocationKey(entry);
    this.#host.wrote(result, entry);
    if (result.outcome === 'failed') {
      this.#failed.add(key);
      this.#host.writing(result.error);
      return;
    }
    this.#failed.delete(key);
    this.#backoff.reset();
    if (result.outcome === 'written') {
      this.#positions = positions;
      entries.written(result.now);
      return;
    }
    // What is due now will be worked out from the next version; to try it with this one again would be of no use.
    entries.block(entry);
    if (result.outcome === 'rejected' && result.now !== undefined) {
      entries.written(result.now);
      entries.block(result.now);
    }
  }

  #nextChange(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #setReadable(error: Error | undefined): void {
    if (error === undefined && this.#unreadable) this.#retry.abort();
    this.#unreadable = error !== undefined;
    this.#host.reading(error);
  }
}

function resourceOf(kind: Kind): ApiResource {
  const found = apiResources.find((resource) => resource.kind === kind);
  if (found === undefined) throw new Error(`${kind} is no resource of the API`);
  return found;
}

function retryAfter(error: Error): number {
  return error instanceof ApiError ? error.retryAfter : 0;
}

/** Waits, but not longer than either signal. */
async function pauseUnless(milliseconds: number, ...signals: readonly AbortSignal[]): Promise<void> {
  const end = new AbortController();
  const abort = (): void => end.abort();
  for (const signal of signals) signal.addEventListener('abort', abort, { once: true });
  await pause(signals.some(({ aborted }) => aborted) ? 0 : milliseconds, end.signal);
  for (const signal of signals) signal.removeEventListener('abort', abort);
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(errorMessage(thrown));
}
