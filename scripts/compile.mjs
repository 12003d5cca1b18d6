/** Compiles src into dist, which then holds what src gives and nothing else. */
import { chmod, copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { filesIn, inputState, isCurrent, writeStamp } from './stamp.mjs';
import { commandOf, packageVersions, runScript } from './tools.mjs';

/** @param {import('./generate.mjs').BuildOptions} options */
export async function compile({ root, force, log }) {
  const step = {
    stamp: join(root, 'build/compiled.stamp'),
    root,
    inputs: ['src', 'tsconfig.json', 'package.json', 'package-lock.json', 'scripts/compile.mjs'],
    outputs: ['dist'],
    versions: packageVersions(['typescript', '@types/node']),
  };
  const inputs = await inputState(step);
  if (!force && (await isCurrent(step, inputs))) return;
  const started = performance.now();
  const tsc = commandOf('typescript', 'tsc');
  await runScript('tsc', tsc, ['-p', 'tsconfig.json', '--noEmitOnError'], { cwd: root });
  const sources = await filesIn(join(root, 'src'));
  const copied = sources.filter((file) => !isCompiled(file));
  for (const file of copied) await copy(join(root, 'src', file), join(root, 'dist', file));
  const dist = join(root, 'dist');
  const expected = new Set([...copied, ...sources.filter(isCompiled).flatMap(outputsOf)]);
  await removeStale(dist, expected);
  // The package's commands must be executable where it is used from its own folder.
  const commands = await commandFiles(root);
  for (const file of expected) if (commands.has(`dist/${file}`)) await chmod(join(dist, file), 0o755);
  await writeStamp(step, inputs);
  log(`dist compiled in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/** @param {string} root @returns {Promise<ReadonlySet<string>>} */
async function commandFiles(root) {
  const { bin = {} } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  return new Set(Object.values(bin).map(String));
}

/** Whether tsc makes output of a file; of declarations and other files it makes none. @param {string} file */
function isCompiled(file) {
  return file.endsWith('.ts') && !file.endsWith('.d.ts');
}

/** @param {string} file */
function outputsOf(file) {
  const base = file.slice(0, -'.ts'.length);
  return ['.js', '.js.map', '.d.ts', '.d.ts.map'].map((extension) => base + extension);
}

/** @param {string} from @param {string} to */
async function copy(from, to) {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to);
}

/** @param {string} folder @param {ReadonlySet<string>} expected */
async function removeStale(folder, expected) {
  for (const file of await filesIn(folder)) if (!expected.has(file)) await rm(join(folder, file));
}
