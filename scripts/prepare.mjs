#!/usr/bin/env node
/**
 * Builds: generates src/gen from the protos, then compiles src into dist. npm runs it as `prepare`. Each of the two
 * steps is skipped when nothing changed that it depends on. It needs no network and no install script.
 *
 *     node scripts/prepare.mjs [--force] [--generate-only]
 *
 * It imports nothing but Node until it knows that the development tools are there: the published package holds dist
 * and this file only, and an install without devDependencies has to leave it as it is.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const root = join(import.meta.dirname, '..');
const tools = ['@bufbuild/buf', '@grpc/grpc-js-xds', 'protobufjs-cli', 'typescript'];

/** @returns {Promise<void>} */
async function prepare() {
  const { values } = parseArgs({
    options: {
      force: { type: 'boolean', default: false },
      'generate-only': { type: 'boolean', default: false },
    },
  });
  const isBuilt = existsSync(join(root, 'dist/index.js'));
  if (isBuilt && !existsSync(join(root, 'src'))) return;
  const missing = tools.filter((tool) => !isInstalled(tool));
  if (missing.length > 0) {
    if (isBuilt && !values.force) return;
    throw new Error(`${missing.join(', ')} not installed; run npm ci, with development dependencies`);
  }
  const [{ generate }, { compile }] = await Promise.all([import('./generate.mjs'), import('./compile.mjs')]);
  const options = {
    root,
    force: values.force,
    log: (/** @type {string} */ line) => console.log(`prepare: ${line}`),
  };
  await generate(options);
  if (!values['generate-only']) await compile(options);
}

/**
 * Whether Node would find a package from here.
 * @param {string} name
 */
function isInstalled(name) {
  for (let folder = root; ; folder = join(folder, '..')) {
    if (existsSync(join(folder, 'node_modules', name, 'package.json'))) return true;
    if (folder === join(folder, '..')) return false;
  }
}

try {
  await prepare();
} catch (error) {
  console.error(`prepare: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
