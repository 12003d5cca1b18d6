/** Something that may fail for a while: said once when it begins, and once when it is over. */
import type { Logger } from '../base/logger.js';
import { ApiError } from '../kubernetes/api-error.js';

export class Outage {
  readonly #logger: Logger;
  readonly #what: string;
  readonly #hint: string;
  #error: Error | undefined;

  /**
   * @param what fails, as in "`what`: the error".
   * @param hint what helps when the API server does not allow it.
   */
  constructor(logger: Logger, what: string, hint: string) {
    this.#logger = logger;
    this.#what = what;
    this.#hint = hint;
  }

  /** Why it fails at present. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** It fails, or does not any more. */
  set(error: Error | undefined): void {
    const before = this.#error;
    this.#error = error;
    if (error === undefined) {
      if (before !== undefined) this.#logger.info(`over: ${this.#what}`);
      return;
    }
    const denied = error instanceof ApiError && error.status === 403;
    // Another reason is another outage, whereas a message may name each object anew.
    if (before !== undefined && reasonOf(before) === reasonOf(error)) return;
    this.#logger.warn(`${this.#what}: ${error.message}${denied ? ` (${this.#hint})` : ''}`);
  }

  /** It does not matter any more. */
  forget(): void {
    this.#error = undefined;
  }
}

function reasonOf(error: Error): string {
  return error instanceof ApiError ? `${error.status} ${error.reason}` : error.name;
}
