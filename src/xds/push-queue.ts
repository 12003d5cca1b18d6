/**
 * Spreads a push over the streams: one stream in a turn of the event loop, in order of their waiting, so that
 * neither a large client nor many clients hold the loop. A stream that waits already is not queued twice; it gets
 * the newest state when its turn comes.
 */

export class PushQueue<T> {
  readonly #waiting = new Set<T>();
  readonly #work: (item: T) => void;
  #scheduled = false;

  constructor(work: (item: T) => void) {
    this.#work = work;
  }

  get length(): number {
    return this.#waiting.size;
  }

  add(item: T): void {
    this.#waiting.add(item);
    this.#schedule();
  }

  remove(item: T): void {
    this.#waiting.delete(item);
  }

  #schedule(): void {
    if (this.#scheduled || this.#waiting.size === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const [next] = this.#waiting;
      if (next === undefined) return;
      this.#waiting.delete(next);
      this.#schedule();
      this.#work(next);
    });
  }
}
