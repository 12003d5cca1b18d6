/**
 * One of several processes leads: whoever has a Lease. It renews the Lease as long as it leads, and stops to lead
 * before the others may take it. As client-go's leader election does it, with its durations.
 */
import { errorMessage } from '../base/errors.js';
import { ApiError } from './api-error.js';
import { systemClock, type Clock } from './clock.js';
import {
  claimedSpec,
  durationOf,
  holderOf,
  mayClaim,
  releasedSpec,
  seenLease,
  type LeaseStore,
  type LeaseView,
} from './lease.js';

/** How long things may take, in milliseconds. */
export interface LeaseTiming {
  /** How long a Lease that is not renewed keeps the others waiting; whole seconds. */
  readonly duration: number;
  /** After how long without a renewal one stops to lead; shorter than `duration`, for what is under way to end. */
  readonly renewDeadline: number;
  /** Between two tries; those who wait for a Lease wait up to `1 + jitter` times as long. */
  readonly retryPeriod: number;
  readonly jitter: number;
  /** How long giving up the Lease may take in the end. */
  readonly release: number;
}

export const defaultLeaseTiming: LeaseTiming = {
  duration: 15_000,
  renewDeadline: 10_000,
  retryPeriod: 2_000,
  jitter: 1.2,
  release: 2_000,
};

/** The time for which one leads. */
export interface Term {
  /** Aborted when it ends. */
  readonly signal: AbortSignal;
  /** Whether it goes on for certain: also false while a process that was stopped does not know yet for how long. */
  holds(): boolean;
}

/** Who leads, as far as is known. */
export interface ElectionState {
  readonly leading: boolean;
  /** Who has the Lease; empty when nobody does, or nobody is known to. */
  readonly holder: string;
  /** Why the Lease cannot be read or written at present. */
  readonly error: Error | undefined;
}

export interface ElectionOptions {
  readonly store: LeaseStore;
  /** Who this is; no other process is called so. */
  readonly identity: string;
  /** Leads until the term ends, and is waited for then. Must not fail. */
  readonly lead: (term: Term) => Promise<void>;
  /** Is told when the state is another one. Must not fail. */
  readonly onChange?: (state: ElectionState) => void;
  readonly timing?: LeaseTiming;
  readonly clock?: Clock;
  /** From 0 to below 1, evenly spread. */
  readonly random?: () => number;
}

export class LeaderElection {
  readonly #options: ElectionOptions;
  readonly #timing: LeaseTiming;
  readonly #clock: Clock;
  #view: LeaseView | undefined;
  /** When the request was sent that took or renewed the Lease last. */
  #renewed = -Infinity;
  #state: ElectionState = { leading: false, holder: '', error: undefined };

  constructor(options: ElectionOptions) {
    this.#options = options;
    this.#timing = options.timing ?? defaultLeaseTiming;
    this.#clock = options.clock ?? systemClock;
  }

  get state(): ElectionState {
    return this.#state;
  }

  /** Takes part until the signal ends it, and then gives up the Lease. Never fails. */
  async run(signal: AbortSignal): Promise<void> {
    const { retryPeriod, renewDeadline, jitter } = this.#timing;
    const { random = Math.random } = this.#options;
    while (!signal.aborted) {
      if (await this.#attempt(signal, renewDeadline)) await this.#lead(signal);
      else await this.#clock.wait(retryPeriod * (1 + random() * jitter), signal);
    }
  }

  async #lead(signal: AbortSignal): Promise<void> {
    const end = new AbortController();
    const leading = this.#options.lead({
      signal: end.signal,
      holds: () => !end.signal.aborted && this.#clock.now() < this.#renewed + this.#timing.renewDeadline,
    });
    this.#set({ leading: true });
    await this.#renewUntilLost(signal);
    end.abort();
    this.#set({ leading: false });
    await leading;
    if (signal.aborted) await this.#release();
  }

  async #renewUntilLost(signal: AbortSignal): Promise<void> {
    const { retryPeriod, renewDeadline } = this.#timing;
    const left = (): number => this.#renewed + renewDeadline - this.#clock.now();
    for (;;) {
      await this.#clock.wait(Math.min(retryPeriod, left()), signal);
      if (signal.aborted || left() <= 0) return;
      await this.#attempt(signal, left());
      if (signal.aborted || !this.#hasLease()) return;
    }
  }

  /** Takes or renews the Lease, if it may be and within some milliseconds. Whether it was. */
  async #attempt(signal: AbortSignal, limit: number): Promise<boolean> {
    try {
      const claimed = await this.#within(limit, signal, (end) => this.#claim(end));
      this.#set({ error: undefined });
      return claimed;
    } catch (error) {
      if (!signal.aborted) this.#set({ error: asError(error) });
      return false;
    }
  }

  async #claim(signal: AbortSignal): Promise<boolean> {
    try {
      if (await this.#renewUnread(signal)) return true;
      const lease = await this.#options.store.get(signal);
      signal.throwIfAborted();
      const now = this.#clock.now();
      this.#see(lease && seenLease(this.#view, lease, now));
      if (this.#view !== undefined && !mayClaim(this.#view, this.#options.identity, now)) return false;
      await this.#write(this.#view, signal);
      return true;
    } catch (error) {
      // Somebody else was faster: the next try will tell who.
      if (isStale(error)) return false;
      throw error;
    }
  }

  /** Renews a Lease that one has without reading it first, since nobody else is to write to it. Whether it was. */
  async #renewUnread(signal: AbortSignal): Promise<boolean> {
    const view = this.#view;
    if (view === undefined || !this.#hasLease()) return false;
    if (this.#clock.now() >= view.since + durationOf(view.lease)) return false;
    try {
      await this.#write(view, signal);
      return true;
    } catch (error) {
      if (isStale(error)) return false;
      throw error;
    }
  }

  async #write(view: LeaseView | undefined, signal: AbortSignal): Promise<void> {
    const { store, identity } = this.#options;
    const began = this.#clock.now();
    const spec = claimedSpec(view?.lease.spec, identity, this.#timing.duration, this.#clock.date());
    const lease = await (view === undefined
      ? store.create(spec, signal)
      : store.update(view.lease, spec, signal));
    signal.throwIfAborted();
    this.#renewed = began;
    this.#see({ lease, since: began });
  }

  /** Makes the Lease nobody's, so that the others need not wait until it ends. */
  async #release(): Promise<void> {
    const { store, identity } = this.#options;
    try {
      await this.#within(this.#timing.release, undefined, async (end) => {
        const lease = await store.get(end);
        if (lease === undefined || holderOf(lease) !== identity) return;
        await store.update(lease, releasedSpec(lease.spec, this.#clock.date()), end);
      });
      this.#see(undefined);
    } catch (error) {
      if (!isStale(error)) this.#set({ error: asError(error) });
    }
  }

  /** Asks for something, and waits for it no longer than a time and a signal, whatever becomes of the request. */
  async #within<T>(
    limit: number,
    signal: AbortSignal | undefined,
    ask: (end: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const end = new AbortController();
    const abort = (): void => end.abort();
    signal?.addEventListener('abort', abort, { once: true });
    const ended = new Promise<never>((_, reject) => {
      end.signal.addEventListener('abort', () => reject(asError(end.signal.reason)), { once: true });
    });
    void this.#clock.wait(limit, end.signal).then(() => {
      end.abort(new Error(`no answer about the Lease ${this.#options.store.name} in time`));
    });
    try {
      return await Promise.race([ask(end.signal), ended]);
    } finally {
      signal?.removeEventListener('abort', abort);
      end.abort();
    }
  }

  #hasLease(): boolean {
    return this.#view !== undefined && holderOf(this.#view.lease) === this.#options.identity;
  }

  #see(view: LeaseView | undefined): void {
    this.#view = view;
    this.#set({ holder: view === undefined ? '' : holderOf(view.lease) });
  }

  #set(change: Partial<ElectionState>): void {
    const before = this.#state;
    this.#state = { ...before, ...change };
    const { leading, holder, error } = this.#state;
    if (leading !== before.leading || holder !== before.holder || error?.message !== before.error?.message)
      this.#options.onChange?.(this.#state);
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(errorMessage(thrown));
}

/** Whether a Lease is not what it was thought to be. */
function isStale(error: unknown): boolean {
  return error instanceof ApiError && (error.status === 409 || error.status === 404);
}
