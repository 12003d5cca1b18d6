/** Time, so that tests can make it pass. */
import { pause } from './list-watch.js';

export interface Clock {
  /** Milliseconds that only grow, from whenever. */
  now(): number;
  /** Milliseconds since the epoch, with a fraction. */
  date(): number;
  /** Waits some milliseconds, but no longer than the signal. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** The time of this machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now() + (performance.now() % 1),
  wait: pause,
};
