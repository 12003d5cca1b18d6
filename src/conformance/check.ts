/** A check of the suite, and how one is run. */
import { Bench } from './bench.js';
import type { ConformanceDriver, Feature, RegistryUnderTest } from './driver.js';

/** What a driver can leave out. */
export type Ability = Feature | Extract<OptionalKeys<RegistryUnderTest>, string>;

type OptionalKeys<T> = { [K in keyof T]-?: undefined extends T[K] ? K : never }[keyof T];

/** One behaviour that every adapter has to have. */
export interface Check {
  /** Says the behaviour. */
  readonly name: string;
  /** What the driver must be able to do; without it the check is left out. */
  readonly needs?: readonly Ability[];
  /** @throws Error that says what is not so. */
  readonly run: (bench: Bench) => Promise<void>;
}

/** What became of a check. */
export interface CheckResult {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'left out';
  /** Why it failed or was left out. */
  readonly reason?: string;
}

/** What a check needs and the driver's registry cannot do. */
function missingAbilities(
  { needs = [] }: Check,
  { expresses = [] }: ConformanceDriver,
  server: RegistryUnderTest,
): readonly Ability[] {
  return needs.filter(
    (ability) =>
      !expresses.some((feature) => feature === ability) &&
      !(ability in server && Reflect.get(server, ability) !== undefined),
  );
}

/** Runs a check with a registry of its own. Never fails: what goes wrong is the check's outcome. */
export async function runCheck(check: Check, driver: ConformanceDriver): Promise<CheckResult> {
  const { name } = check;
  const excuse = Object.entries(driver.leftOut ?? {}).find(([beginning]) => name.startsWith(beginning));
  if (excuse !== undefined) return { name, outcome: 'left out', reason: excuse[1] };
  let bench: Bench | undefined;
  try {
    bench = await Bench.start(driver);
    const missing = missingAbilities(check, driver, bench.server);
    if (missing.length > 0)
      return { name, outcome: 'left out', reason: `the driver has no ${missing.join(', ')}` };
    await check.run(bench);
    return { name, outcome: 'passed' };
  } catch (error) {
    return { name, outcome: 'failed', reason: error instanceof Error ? error.message : String(error) };
  } finally {
    await bench?.close();
  }
}
