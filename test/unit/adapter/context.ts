/** A context for adapters in tests. */
import { asyncScheduler } from 'rxjs';
import type { AdapterContext } from '../../../src/adapter/index.js';
import { silentLogger } from '../../../src/base/logger.js';

/** With what a test names laid over defaults. */
export function contextOf(parts: Partial<AdapterContext> = {}): AdapterContext {
  return {
    name: 'test',
    logger: silentLogger,
    scheduler: asyncScheduler,
    random: () => 0,
    env: {},
    folder: '/',
    ...parts,
  };
}
