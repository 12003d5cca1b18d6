/** Log lines of one kind, kept from flooding a log when many come at once. */

export interface LineLimitOptions {
  /** Lines that are written as they come within one window. */
  readonly lines?: number;
  readonly windowMs?: number;
  /** Told at the end of a window how many more came than were written; never zero. */
  readonly summarise: (more: number) => void;
}

/**
 * The first lines of a window are written, the rest are counted; the window begins with its first line. So a few
 * events are seen one by one and a thousand in one line.
 */
export class LineLimit {
  readonly #lines: number;
  readonly #windowMs: number;
  readonly #summarise: (more: number) => void;
  #written = 0;
  #more = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor({ lines = 5, windowMs = 1000, summarise }: LineLimitOptions) {
    this.#lines = lines;
    this.#windowMs = windowMs;
    this.#summarise = summarise;
  }

  /** Calls `write` now, or counts it. */
  offer(write: () => void): void {
    if (this.#timer === undefined) {
      this.#timer = setTimeout(() => this.flush(), this.#windowMs);
      this.#timer.unref();
    }
    if (this.#written < this.#lines) {
      this.#written += 1;
      write();
    } else {
      this.#more += 1;
    }
  }

  /** Ends the window: tells what was not written. The next line begins a new one. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const more = this.#more;
    this.#written = 0;
    this.#more = 0;
    if (more > 0) this.#summarise(more);
  }
}
