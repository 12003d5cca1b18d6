/** Says in the log how registries are doing: once for each change of state, and for what is held or put aside. */
import type { Logger } from './base/logger.js';
import { shardKey } from './registry/registry.js';
import type { RegistryView } from './registry/view.js';

interface Told {
  readonly state: RegistryView['status']['state'];
  readonly held: number;
  readonly quarantined: RegistryView['quarantined'];
}

/** Remembers what was said of each registry. */
export class RegistryReporter {
  readonly #logger: Logger;
  readonly #told = new Map<string, Told>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Says what is new about a registry. */
  report(view: RegistryView): void {
    const registry = shardKey(view);
    const before = this.#told.get(registry);
    const { status, safety, quarantined } = view;
    const state = status.state === 'connecting' && before !== undefined ? before.state : status.state;
    this.#told.set(registry, { state, held: safety.held.length, quarantined });
    this.#reportState(registry, view, before?.state);
    if (safety.held.length > (before?.held ?? 0)) {
      const [first] = safety.held;
      this.#logger.warn(`${registry}: removals are held back until they are confirmed`, {
        services: safety.held.length,
        endpoints: safety.held.reduce((sum, { endpoints }) => sum + endpoints, 0),
        ...(first === undefined ? {} : { first: `${first.hostname}: ${first.reason}` }),
      });
    }
    const known = new Set(before?.quarantined);
    for (const one of quarantined)
      if (!known.has(one)) this.#logger.warn(`${registry}: ${one.key}: ${one.reason}`, { quarantined: true });
  }

  #reportState(registry: string, { status }: RegistryView, before: Told['state'] | undefined): void {
    if (status.state === before || status.state === 'connecting') return;
    const bad = status.state === 'failed' || status.state === 'degraded';
    if (bad) this.#logger.warn(`${registry} is ${status.state}: ${status.message ?? 'no reason given'}`);
    else if (before !== undefined && before !== 'connecting')
      this.#logger.info(`${registry} is ${status.state} again`);
  }
}
