/**
 * `pilotlight/conformance`: the suite that every adapter passes. In a test file of vitest:
 *
 *     conformance({ name: 'inventory', start, hostOf: (service) => `${service}.inventory`, expresses: ['health'] });
 */
import { describe, expect, test } from 'vitest';
import { runCheck } from './check.js';
import { checks } from './checks.js';
import type { ConformanceDriver } from './driver.js';

export type { Ability, CheckResult } from './check.js';
export type { ConformanceDriver, Feature, OpenOptions, RegistryUnderTest, TestInstance } from './driver.js';

/** How long a check may take, in milliseconds. */
const checkTime = 120_000;

/** Declares the suite's tests for an adapter. A check that needs what the driver cannot do is skipped, and says why. */
export function conformance(driver: ConformanceDriver): void {
  describe(`${driver.name} conforms`, () => {
    const named = checks.map((check) => [check.name, check] as const);
    test.for(named)('%s', { timeout: checkTime }, async ([, check], context) => {
      const { outcome, reason } = await runCheck(check, driver);
      if (outcome === 'left out') context.skip(reason);
      expect(outcome, reason).toBe('passed');
    });
  });
}
