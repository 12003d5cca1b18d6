/** Says what a directory's newest state brought: each finding once when it appears, and once when it is mended. */
import type { Logger } from './base/logger.js';
import type { MeshDirectoryState } from './config/mesh-directory/state.js';
import { formatFinding, notEnforcedLines, unusedKindsLine } from './problem-text.js';

export class DirectoryReporter {
  readonly #logger: Logger;
  #said: ReadonlySet<string> = new Set();
  #saidKinds: ReadonlySet<string> = new Set();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Logs the difference to the state before. */
  report(state: MeshDirectoryState): void {
    const errors = state.problems.filter(({ severity }) => severity === 'error').map(formatFinding);
    const warnings = [
      ...state.problems.filter(({ severity }) => severity === 'warning').map(formatFinding),
      ...notEnforcedLines(state, ''),
    ];
    for (const line of errors) if (!this.#said.has(line)) this.#logger.error(`refused: ${line}`);
    for (const line of warnings) if (!this.#said.has(line)) this.#logger.warn(line);
    const now = new Set([...errors, ...warnings]);
    for (const line of this.#said) if (!now.has(line)) this.#logger.info(`mended: ${line}`);
    this.#said = now;
    const kinds = new Set(state.unusedKinds.keys());
    const unused = unusedKindsLine(state);
    if (unused !== undefined && [...kinds].some((kind) => !this.#saidKinds.has(kind)))
      this.#logger.info(unused);
    this.#saidKinds = new Set([...this.#saidKinds, ...kinds]);
  }
}
