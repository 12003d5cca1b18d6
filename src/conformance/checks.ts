/** All checks, in the order in which they are run. */
import type { Check } from './check.js';
import { changeChecks } from './checks/changes.js';
import { failureChecks } from './checks/failures.js';
import { mannersChecks } from './checks/manners.js';
import { nameChecks } from './checks/names.js';
import { removalChecks } from './checks/removals.js';
import { startChecks } from './checks/start.js';

export const checks: readonly Check[] = [
  ...startChecks,
  ...changeChecks,
  ...removalChecks,
  ...failureChecks,
  ...nameChecks,
  ...mannersChecks,
];
