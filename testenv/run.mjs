/**
 * `npm run test:env [GROUP…]`: the tests against real servers, a group for each server. A group whose toolchain is
 * missing is skipped with one line and counted apart; so is a part of a group. Each test that failed has a line
 * `FAILED …` once its group has ended. The last line is `N passed, N failed, N skipped`.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NotAvailable } from './cache.mjs';
import { prepare } from './groups.mjs';
import { firstLine, runVitest } from './vitest-run.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const known = (await readdir(join(root, 'test', 'env'), { withFileTypes: true }))
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort();
const asked = process.argv.slice(2);
const unknown = asked.filter((group) => !known.includes(group));
if (unknown.length > 0) {
  console.error(`There is no group ${unknown.join(', ')}; there is: ${known.join(', ')}`);
  process.exit(2);
}

const total = { passed: 0, failed: 0, skipped: 0 };
for (const group of asked.length > 0 ? asked : known) {
  const { reason, failure, parts = [] } = await unavailable(group);
  if (failure !== undefined) {
    console.log(failure);
    console.log(`FAILED ${group}: what it needs could not be installed: ${firstLine(failure)}`);
    total.failed += 1;
    continue;
  }
  if (reason !== undefined) {
    console.log(`SKIPPED ${group}: ${reason}`);
    total.skipped += 1;
    continue;
  }
  for (const [part, why] of parts) {
    console.log(`SKIPPED ${group} ${part}: ${why}`);
    total.skipped += 1;
  }
  const { passed, failures } = await runGroup(group);
  for (const line of failures) console.log(`FAILED ${line}`);
  console.log(`${group}: ${passed} passed, ${failures.length} failed`);
  total.passed += passed;
  total.failed += failures.length;
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;

/**
 * Installs what a group needs: why that is not possible here, for all of it or for parts, or how it failed.
 * @param {string} group
 * @returns {Promise<{ reason?: string, failure?: string, parts?: ReadonlyMap<string, string> }>}
 */
async function unavailable(group) {
  try {
    return { parts: await prepare(group) };
  } catch (error) {
    if (error instanceof NotAvailable) return { reason: error.message };
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

/** @param {string} group */
function runGroup(group) {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const config = join(root, 'vitest.env.config.ts');
  const args = [vitest, 'run', '--config', config, `test/env/${group}/`];
  return runVitest(group, { command: process.execPath, args, root });
}
