/**
 * Runs the commands of README.md as a reader would, from top to bottom, and counts them. A comment before a block
 * says how:
 *
 *     <!-- run: background until TEXT -->   started, waited for until it prints TEXT, stopped at the end
 *     <!-- run: prints TEXT -->             must end well and print TEXT
 *     <!-- run: not here: REASON -->        left out, with its reason
 *
 * A block without a comment must end well.
 */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { NotAvailable } from '../testenv/cache.mjs';
import { envoyBinary } from '../testenv/envoy/install.mjs';
import { firstLine } from '../testenv/vitest-run.mjs';

const limitMs = 120_000;
const text = await readFile(new URL('../README.md', import.meta.url), 'utf8');
const blocks = [...text.matchAll(/(?:<!-- run: (.*?) -->\n+)?```sh\n([\s\S]*?)```/g)].map(
  ([, how = '', commands = '']) => ({
    how,
    commands: commands.trim(),
  }),
);

/** @type {import('node:child_process').ChildProcess[]} */
const background = [];
let passed = 0;
let failed = 0;
let skipped = 0;

const withoutEnvoy = await envoyBinary().then(
  () => undefined,
  (error) => {
    if (error instanceof NotAvailable) return error.message;
    throw error;
  },
);

for (const { how, commands } of blocks) {
  const reason =
    /^not here: (.*)$/.exec(how)?.[1] ??
    (/npm run tour|127\.0\.7\.1:8000|syncz|status$/.test(commands) ? withoutEnvoy : undefined);
  if (reason !== undefined) {
    console.log(`SKIPPED README ${JSON.stringify(commands)}: ${reason}`);
    skipped += 1;
    continue;
  }
  console.log(`$ ${commands.replaceAll('\n', '\n$ ')}`);
  try {
    await run(how, commands);
    passed += 1;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    console.log(message);
    console.log(`FAILED README: ${JSON.stringify(commands)}: ${firstLine(message)}`);
    failed += 1;
  }
}
for (const child of background) if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed > 0 ? 1 : 0;

/** @param {string} how @param {string} commands @returns {Promise<void>} */
function run(how, commands) {
  const until = /^background until (.*)$/.exec(how)?.[1];
  const prints = /^prints (.*)$/.exec(how)?.[1];
  // A group of its own, so that what a command starts ends with it.
  const child = spawn('bash', ['-euo', 'pipefail', '-c', commands], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  if (until !== undefined) background.push(child);
  let output = '';
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      reject(new Error(`it took longer than ${limitMs} ms\n${output}`));
    }, limitMs);
    const done = (/** @type {Error | undefined} */ error) => {
      clearTimeout(timer);
      if (error === undefined) resolve();
      else reject(error);
    };
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (/** @type {Buffer} */ chunk) => {
        output += chunk.toString();
        if (until !== undefined && output.includes(until)) done(undefined);
      });
    }
    child.once('close', (code) => {
      if (code !== 0) done(new Error(`it ended with ${code}\n${output}`));
      else if (until !== undefined) done(new Error(`it ended before it printed ${until}\n${output}`));
      else if (prints !== undefined && !output.includes(prints))
        done(new Error(`it did not print ${prints}\n${output}`));
      else done(undefined);
    });
  });
}
