/** Says what is wrong once when it appears, and once when it is mended. */
import type { Logger } from '../base/logger.js';
import type { Problem } from '../config/object.js';
import { formatFinding } from '../problem-text.js';

export class ProblemLog {
  readonly #logger: Logger;
  #said: ReadonlySet<string> = new Set();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Logs the difference to the problems of before. */
  report(problems: readonly Problem[]): void {
    const now = new Map(problems.map((problem) => [formatFinding(problem), problem.severity]));
    for (const [line, severity] of now) {
      if (this.#said.has(line)) continue;
      if (severity === 'error') this.#logger.error(`refused: ${line}`);
      else this.#logger.warn(line);
    }
    for (const line of this.#said) if (!now.has(line)) this.#logger.info(`mended: ${line}`);
    this.#said = new Set(now.keys());
  }
}
