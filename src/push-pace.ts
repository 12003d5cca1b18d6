/**
 * Over which time endpoint changes are merged that follow others. It is short as long as the server has time to spare;
 * while changes go on and pushing them takes a large part of the time, it grows, so that a mesh in which endpoints
 * change all the time does not keep the server, and every proxy, busy with nothing else.
 */
import { performance, type EventLoopUtilization } from 'node:perf_hooks';

/** Milliseconds over which use is averaged. */
const memory = 1000;
/** The part of the time that may be used before changes are merged over longer. */
const target = 1 / 8;
/** By how much the time grows and shrinks from one push to the next. */
const step = 1.5;

export interface PushPaceOptions {
  /** Milliseconds when there is time to spare, and at the most. */
  readonly shortest: number;
  readonly longest: number;
  /** How much of the time the event loop was in use; the process's own when absent. */
  readonly utilization?: (since?: EventLoopUtilization) => EventLoopUtilization;
}

export class PushPace {
  readonly #options: PushPaceOptions;
  readonly #utilization: (since?: EventLoopUtilization) => EventLoopUtilization;
  #mark: EventLoopUtilization;
  #used = 0;
  #merge: number;

  constructor(options: PushPaceOptions) {
    this.#options = options;
    this.#utilization = options.utilization ?? ((since) => performance.eventLoopUtilization(since));
    this.#mark = this.#utilization();
    this.#merge = options.shortest;
  }

  /** Milliseconds over which what follows the push that is made now is merged. */
  next(): number {
    const { active, idle, utilization } = this.#utilization(this.#mark);
    this.#mark = this.#utilization();
    const weight = 1 - Math.exp(-(active + idle) / memory);
    this.#used += weight * (utilization - this.#used);
    if (this.#used > target) this.#merge *= step;
    else if (this.#used < target / step) this.#merge /= step;
    this.#merge = Math.min(Math.max(this.#merge, this.#options.shortest), this.#options.longest);
    return this.#merge;
  }
}
