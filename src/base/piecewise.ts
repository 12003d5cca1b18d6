/** Work that is done a piece at a time, so that a long one does not hold the event loop. */

/**
 * A piece of work as a generator: each `yield` is a place where it may be put aside for a while. A piece between two
 * yields should take well under a millisecond; whoever drives it decides how many pieces fit into its turn.
 */
export type Piecewise<T> = Generator<undefined, T, undefined>;

/** Does all of the work at once. */
export function finish<T>(work: Piecewise<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

/** A value that is there already, as work. */
// oxlint-disable-next-line require-yield -- there is nothing to do
export function* done<T>(value: T): Piecewise<T> {
  return value;
}

/**
 * One piece of work that several ask for: whoever comes first begins it, each drives it on in its turn, and all get
 * the one result. An error is given to all.
 */
export class SharedWork<T> {
  /** Let go of once it is done, with all that it refers to. */
  #work: Piecewise<T> | undefined;
  #result: { readonly value: T } | undefined;
  #error: { readonly thrown: unknown } | undefined;

  constructor(work: Piecewise<T>) {
    this.#work = work;
  }

  /** Whether it ended in an error. */
  get failed(): boolean {
    return this.#error !== undefined;
  }

  /** The result, once it is there. */
  get done(): T | undefined {
    return this.#result?.value;
  }

  *result(): Piecewise<T> {
    for (;;) {
      if (this.#error !== undefined) throw this.#error.thrown;
      if (this.#result !== undefined) return this.#result.value;
      this.#step();
      yield;
    }
  }

  #step(): void {
    try {
      const step = this.#work?.next();
      if (step?.done !== true) return;
      this.#result = { value: step.value };
    } catch (thrown) {
      this.#error = { thrown };
    }
    this.#work = undefined;
  }
}
