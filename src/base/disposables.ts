/** Ownership: who starts something ends it, in the opposite order. */

/** Something to end. */
export type Disposer = () => void | Promise<void>;

/** Ends what was added, last added first; what is added after the end is ended at once. */
export class Disposables {
  #disposers: Disposer[] = [];
  #ended = false;

  /** Takes ownership of something to end. */
  add(disposer: Disposer): void {
    if (this.#ended) void Promise.resolve(disposer());
    else this.#disposers.push(disposer);
  }

  /** Ends everything. Failures do not keep the rest from being ended; they are thrown together afterwards. */
  async dispose(): Promise<void> {
    this.#ended = true;
    const failures: unknown[] = [];
    for (const disposer of this.#disposers.splice(0).reverse()) {
      try {
        await disposer();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length === 1) throw failures[0];
    if (failures.length > 1) throw new AggregateError(failures, 'several things could not be ended');
  }
}
