/** How far a change has got: to which streams it was brought, and whether all of them have accepted it. */
import type { XdsObserver } from './observer.js';
import type { SourceChange } from './source.js';

/** What a stream was sent in its turn. */
export interface Delivery {
  readonly responses: number;
  readonly bytes: number;
}

export class ChangeProgress {
  readonly #change: SourceChange;
  readonly #observer: XdsObserver;
  readonly #since: number;
  readonly #streams: number;
  #waiting: number;
  #unsettled = 0;
  #concerned = 0;
  #responses = 0;
  #bytes = 0;

  /** @param streams how many streams the change is brought to. */
  constructor(change: SourceChange, streams: number, observer: XdsObserver) {
    this.#change = change;
    this.#since = change.since ?? performance.now();
    this.#streams = streams;
    this.#waiting = streams;
    this.#observer = observer;
    if (streams === 0) this.#finish();
  }

  /** A stream had its turn, or is gone. */
  delivered({ responses, bytes }: Delivery): void {
    if (responses > 0) this.#concerned += 1;
    this.#responses += responses;
    this.#bytes += bytes;
    this.#waiting -= 1;
    if (this.#waiting === 0) this.#finish();
  }

  /** A response was sent that its client is to accept. */
  awaitVerdict(): void {
    this.#unsettled += 1;
  }

  /** A client has accepted its response, refused it, or is gone. */
  settle(): void {
    this.#unsettled -= 1;
    this.#converge();
  }

  #finish(): void {
    const { reason, version } = this.#change;
    this.#observer.changePushed({
      reason,
      version,
      streams: this.#streams,
      concerned: this.#concerned,
      responses: this.#responses,
      bytes: this.#bytes,
      ms: performance.now() - this.#since,
    });
    this.#converge();
  }

  #converge(): void {
    if (this.#waiting > 0 || this.#unsettled > 0 || this.#concerned === 0) return;
    this.#observer.converged(this.#change.reason, performance.now() - this.#since);
  }
}
