/** How long the event loop is held. */

/**
 * Turns the event loop as fast as it goes, and knows the longest turn. A turn in which this process was waiting for the
 * processor counts with the processor's time that it had, so that what else runs on the machine does not count.
 */
export class LoopWatch {
  #longest = 0;
  #last = now();
  #next = setImmediate(() => this.#turn());

  #turn() {
    const turn = now();
    const took = Math.min(turn.clock - this.#last.clock, turn.processor - this.#last.processor);
    this.#longest = Math.max(this.#longest, took);
    this.#last = turn;
    this.#next = setImmediate(() => this.#turn());
  }

  /** Milliseconds of the longest turn since it was asked last. */
  take() {
    const longest = this.#longest;
    this.#longest = 0;
    return longest;
  }

  end() {
    clearImmediate(this.#next);
  }
}

function now() {
  const { user, system } = process.cpuUsage();
  return { clock: performance.now(), processor: (user + system) / 1000 };
}
