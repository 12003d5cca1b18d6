/** `npm test`, and its count as a last line. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = await mkdtemp(join(tmpdir(), 'pilotlight-tests-'));
const report = join(folder, 'report.json');
const args = ['test', '--', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
const code = await new Promise((resolve) => {
  spawn('npm', args, { stdio: 'inherit' }).once('close', resolve);
});
try {
  const { numPassedTests, numFailedTests } = JSON.parse(await readFile(report, 'utf8'));
  // A run that broke outside of any test has failed as well.
  const failed = code !== 0 && numFailedTests === 0 ? 1 : numFailedTests;
  console.log(`${numPassedTests} passed, ${failed} failed`);
} catch {
  console.log('0 passed, 1 failed');
}
await rm(folder, { recursive: true, force: true });
process.exitCode = code === 0 ? 0 : 1;
