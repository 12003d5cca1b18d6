/**
 * Generates src/gen: collects the protos in build/proto, has buf and protoc-gen-pbjs make a descriptor of them, and
 * writes the module and its types.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { descriptorOf, moduleText } from './descriptor.mjs';
import { parseOverlay, withOverlay } from './overlay.mjs';
import { ProtoSources, writeProtos } from './protos.mjs';
import { filesIn, inputState, isCurrent, writeStamp } from './stamp.mjs';
import { commandOf, packageFolder, packageVersions, runScript } from './tools.mjs';
import { typesText } from './types.mjs';

/**
 * @typedef {object} BuildOptions
 * @property {string} root of the repository
 * @property {boolean} force even if nothing changed
 * @property {(line: string) => void} log
 */

const protoPackage = '@grpc/grpc-js-xds';
const protoFolders = ['envoy-api', 'xds', 'googleapis'];

/** @param {BuildOptions} options */
export async function generate({ root, force, log }) {
  const step = {
    stamp: join(root, 'build/generated.stamp'),
    root,
    inputs: ['buf.gen.yaml', 'proto', ...(await ownScripts())],
    outputs: ['src/gen'],
    versions: packageVersions([protoPackage, '@bufbuild/buf', 'protobufjs-cli', 'protobufjs', 'yaml']),
  };
  const inputs = await inputState(step);
  if (!force && (await isCurrent(step, inputs))) return;
  const started = performance.now();
  const files = await collectProtos(root);
  const buf = commandOf('@bufbuild/buf', 'buf');
  await runScript('buf generate', buf, ['generate'], {
    cwd: root,
    env: { BUF_CACHE_DIR: join(root, 'build/buf') },
  });
  const descriptor = descriptorOf(await readFile(join(root, 'build/gen/xds.js'), 'utf8'));
  await mkdir(join(root, 'src/gen'), { recursive: true });
  await writeFile(join(root, 'src/gen/xds.js'), moduleText(descriptor));
  await writeFile(join(root, 'src/gen/xds.d.ts'), typesText(descriptor));
  await writeStamp(step, inputs);
  log(`src/gen generated from ${files} protos in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/**
 * Fills build/proto.
 * @param {string} root
 * @returns {Promise<number>} how many files
 */
async function collectProtos(root) {
  const protos = join(packageFolder(protoPackage), 'deps');
  const sources = new ProtoSources([
    join(root, 'proto'),
    ...protoFolders.map((folder) => join(protos, folder)),
  ]);
  await sources.load();
  const overlay = parseOverlay(await readFile(join(root, 'proto/overlay.yaml'), 'utf8'));
  const roots = rootTypes(await readFile(join(root, 'buf.gen.yaml'), 'utf8'));
  const files = sources.closure(roots, ({ path, text }) =>
    withOverlay(path, text, overlay, (type) => sources.fileOf(type)),
  );
  const unused = overlay.find((entry) => !files.some((file) => file.path === entry.file));
  if (unused !== undefined) throw new Error(`proto/overlay.yaml: nothing needs ${unused.file}`);
  await writeProtos(join(root, 'build/proto'), files);
  return files.length;
}

/**
 * The types that buf.gen.yaml generates.
 * @param {string} template
 * @returns {string[]}
 */
function rootTypes(template) {
  const types = parse(template)?.inputs?.[0]?.types;
  if (!Array.isArray(types))
    throw new Error('buf.gen.yaml: inputs[0].types was expected to list the root types');
  return types.map(String);
}

/** The scripts that generation runs, all but the compiler's. */
async function ownScripts() {
  const scripts = await filesIn(import.meta.dirname);
  return scripts.filter((name) => name !== 'compile.mjs').map((name) => `scripts/${name}`);
}
