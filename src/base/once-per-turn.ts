/** Work that many ask for at the same time. */

/** Does the work once at the end of each turn of the event loop in which somebody asked for it. */
export class OncePerTurn {
  readonly #work: () => void;
  #next: NodeJS.Immediate | undefined;
  #isOver = false;

  constructor(work: () => void) {
    this.#work = work;
  }

  /** The work is done once more, after everything that the present turn does. */
  ask(): void {
    if (this.#isOver) return;
    this.#next ??= setImmediate(() => {
      this.#next = undefined;
      this.#work();
    });
  }

  /** Nothing is done any more, nor what was asked for before. */
  dispose(): void {
    this.#isOver = true;
    clearImmediate(this.#next);
  }
}
