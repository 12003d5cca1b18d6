/** `npm test`, a line for each test that failed, and its count as a last line. */
import { fileURLToPath } from 'node:url';
import { runVitest } from '../testenv/vitest-run.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { passed, failures } = await runVitest('npm test', { command: 'npm', args: ['test', '--'], root });
for (const failure of failures) console.log(`FAILED ${failure}`);
console.log(`${passed} passed, ${failures.length} failed`);
process.exitCode = failures.length > 0 ? 1 : 0;
