/** From starting the process to serving the example mesh. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { median } from './median.mjs';

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const runs = 5;

/** Start to ready, the median of some runs; the limit is two seconds. */
export async function startup() {
  const times = [];
  for (let run = 0; run < runs; run += 1) times.push(await startOnce());
  return [
    {
      what: `start to ready on the example mesh (median of ${runs})`,
      value: median(times),
      unit: 'ms',
      limit: 2000,
    },
  ];
}

async function startOnce() {
  const started = performance.now();
  const args = [main, 'serve', '--example', '--xds-address', '127.0.0.1:0', '--http-address', '127.0.0.1:0'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  for await (const chunk of child.stderr) {
    said += String(chunk);
    if (said.includes('Ready:')) break;
  }
  const took = performance.now() - started;
  child.kill();
  if (child.exitCode === null) await once(child, 'exit');
  if (!said.includes('Ready:')) throw new Error(`it did not become ready:\n${said}`);
  return took;
}
