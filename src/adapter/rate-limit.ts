/** How often something may be done: a bucket of tokens that fills evenly. */
import type { SchedulerLike } from 'rxjs';
import { pause } from './pause.js';

/** A rate limit's numbers. */
export interface RateLimitOptions {
  /** How many per second in the long run. */
  readonly perSecond: number;
  /** How many at once after a pause. */
  readonly burst: number;
}

/** Lets through what asks, in its order, no faster than the limit. */
export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #scheduler: SchedulerLike;
  #tokens: number;
  #filledAt: number;

  constructor(options: RateLimitOptions, scheduler: SchedulerLike) {
    this.#options = options;
    this.#scheduler = scheduler;
    this.#tokens = options.burst;
    this.#filledAt = scheduler.now();
  }

  /** Resolves once it is this caller's turn. @throws the signal's reason when it is aborted. */
  async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { perSecond, burst } = this.#options;
    const now = this.#scheduler.now();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#filledAt) / 1000) * perSecond);
    this.#filledAt = now;
    // What is taken ahead of time is owed: whoever comes next waits for that too.
    this.#tokens -= 1;
    if (this.#tokens < 0) await pause((-this.#tokens / perSecond) * 1000, this.#scheduler, signal);
    signal.throwIfAborted();
  }
}
