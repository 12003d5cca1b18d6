/**
 * `npm run test:env [GROUP…]`: the tests against real servers, a group for each server. A group whose toolchain is
 * missing is skipped with one line and counted apart; so is a part of a group. The last line is
 * `N passed, N failed, N skipped`.
 */
import { spawn } from 'node:child_process';
import { readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NotAvailable } from './cache.mjs';
import { prepare } from './groups.mjs';

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
    console.log(`${group}: what it needs could not be installed: ${failure}`);
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
  const { passed, failed } = await runGroup(group);
  console.log(`${group}: ${passed} passed, ${failed} failed`);
  total.passed += passed;
  total.failed += failed;
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

/** @param {string} group @returns {Promise<{ passed: number, failed: number }>} */
async function runGroup(group) {
  const report = join(tmpdir(), `pilotlight-${group}-${process.pid}.json`);
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [
    vitest,
    'run',
    '--config',
    join(root, 'vitest.env.config.ts'),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ];
  const code = await new Promise((resolve) => {
    spawn(process.execPath, [...args, `test/env/${group}/`], { cwd: root, stdio: 'inherit' }).once(
      'close',
      resolve,
    );
  });
  try {
    const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(await readFile(report, 'utf8'));
    // A run that broke outside of any test has failed as well.
    return { passed, failed: code !== 0 && failed === 0 ? 1 : failed };
  } catch {
    return { passed: 0, failed: 1 };
  } finally {
    await rm(report, { force: true });
  }
}
