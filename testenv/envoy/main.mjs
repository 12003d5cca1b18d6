/** `npm run envoy -- ARGS`: runs the pinned Envoy, installing it at the first time. */
import { spawn } from 'node:child_process';
import { NotAvailable } from '../cache.mjs';
import { envoyBinary, envoyVersion } from './install.mjs';

try {
  console.error(`Envoy ${envoyVersion}: looking for it, or installing it into the cache…`);
  const child = spawn(await envoyBinary(), ['--use-dynamic-base-id', ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM']))
    process.on(signal, () => child.kill(signal));
  child.once('close', (code) => {
    process.exitCode = code ?? 1;
  });
} catch (error) {
  if (!(error instanceof NotAvailable)) throw error;
  console.error(`Envoy cannot be installed here: ${error.message}. Any Envoy of your own does as well.`);
  process.exitCode = 2;
}
