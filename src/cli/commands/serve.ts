/** `pilotlight serve`: the control plane. */
import { rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPilot, type Pilot } from '../../app.js';
import { errorMessage, PilotError } from '../../base/errors.js';
import type { Logger } from '../../base/logger.js';
import { clusterEntries, type ClusterEntry } from '../../clusters/entry.js';
import type { KubernetesOptions } from '../../clusters/live-clusters.js';
import { readMeshDirectory } from '../../config/mesh-directory/read.js';
import { isInCluster } from '../../kubernetes/kubeconfig-files.js';
import { settingsFileName, type FileValues } from '../../settings/load.js';
import { formatAddress } from '../../settings/setting.js';
import type { Settings } from '../../settings/settings.js';
import { exitCodes, switchOption, type Command, type CommandContext } from '../command.js';
import { createLogger } from '../log.js';
import { registryOption, ServeRegistries } from '../serve-registries.js';
import { chooseSettings, followSettings, settingOptions } from '../serve-settings.js';
import type { Output } from '../output.js';

/** The mesh that is published with the package. */
const exampleDirectory = fileURLToPath(new URL('../../../examples/tour', import.meta.url));

export const serveCommand: Command = {
  name: 'serve',
  summary: 'serve Envoy over ADS from a mesh directory or a Kubernetes cluster',
  description:
    'Reads a mesh directory (Kubernetes and Istio YAML) or a live cluster, watches it, and serves what Istiod would to every Envoy that connects. Settings come from flags, PILOTLIGHT_* variables and pilotlight.yaml, in this order.',
  arguments: [{ name: '[DIR]', help: 'the mesh directory' }],
  options: [
    { flags: '--example', help: 'serve the mesh that comes with Pilotlight' },
    {
      flags: '--config <FILE>',
      help: `settings file; ${settingsFileName} in the current folder is found by itself`,
    },
    registryOption,
    ...settingOptions(),
  ],
  examples: [
    {
      line: 'pilotlight serve ./mesh',
      says: 'ADS on 127.0.0.1:15010, health and debug pages on 127.0.0.1:15014',
    },
    { line: 'pilotlight serve --example', says: 'the example mesh' },
    {
      line: 'pilotlight serve --context kind-mesh',
      says: 'the live cluster of a context of your kubeconfig; docs/kubernetes.md tells more',
    },
    {
      line: 'pilotlight serve ./mesh --xds-address 127.0.0.1:0 --ready-file ready.json',
      says: 'a free port, told in ready.json',
    },
    {
      line: 'pilotlight serve ./mesh --xds-address 0.0.0.0:15012 --tls-cert tls.crt --tls-key tls.key --tls-client-ca ca.crt',
      says: 'mutual TLS for proxies on other machines; docs/security.md tells more',
    },
  ],
  run: serve,
};

async function serve(context: CommandContext): Promise<number> {
  const { output, signal } = context;
  const choice = await chooseSettings(context);
  const chosen = choice.settings;
  const directory = switchOption(context.options, 'example')
    ? exampleDirectory
    : (context.arguments[0] ?? chosen.directory);
  const log = createLogger({
    level: chosen.logLevel,
    format: chosen.logFormat,
    colour: process.stderr.isTTY,
  });
  const listed = await ServeRegistries.choose(context, choice, log.logger);
  const clusters = clusterEntries(choice.values['clusters'], dirname(choice.file));
  const hasOther = directory !== undefined || listed.registries.length + clusters.length > 0;
  const kubernetes = await chosenCluster(chosen, !hasOther && !chosen.rawSnapshots);
  if (!hasOther && kubernetes === undefined && !chosen.rawSnapshots) {
    throw new PilotError(
      'USAGE',
      'serve needs something to read: a mesh directory, a cluster or a registry',
      {
        hint: 'Run `pilotlight serve DIR`, or `pilotlight serve --example` for the mesh that comes with Pilotlight, or `pilotlight serve --context NAME` for a live cluster, or set `directory`, `clusters` or `registries` in pilotlight.yaml.',
      },
    );
  }
  if (chosen.strict && directory !== undefined) await refuseFindings(directory);
  const { directory: _, ...options } = chosen;
  const mesh = {
    ...(directory === undefined ? {} : { directory }),
    ...(kubernetes === undefined ? {} : { kubernetes }),
    clusters,
    registries: listed.registries,
    merge: listed.merge,
  };
  const pilot = await startPilot({ ...options, ...mesh, logger: log.logger }).catch((error: unknown) => {
    throw withFlag(error, chosen);
  });
  try {
    await Promise.race([pilot.ready, aborted(signal)]);
    if (!signal.aborted) {
      announce(output, pilot, directory, chosen, switchOption(context.options, 'example'));
      if (chosen.readyFile !== undefined) await writeReadyFile(chosen.readyFile, pilot);
      const follow = (values: FileValues): void => {
        listed.follow(pilot, values);
        followClusters(pilot, values, choice.file, log.logger);
      };
      followSettings(choice, log.logger, log.setLevel, follow, signal);
      await aborted(signal);
    }
    log.logger.info('stopping');
  } finally {
    await pilot.close();
  }
  return exitCodes.ok;
}

/**
 * The cluster that settings name. Nothing but a pod that is to read nothing else reads a cluster that was not named: on
 * somebody's own machine the current context may be anything.
 */
async function chosenCluster(
  { kubeconfig, context, inCluster, clusterId }: Settings,
  isAutomatic: boolean,
): Promise<KubernetesOptions | undefined> {
  if (inCluster && (kubeconfig !== undefined || context !== undefined))
    throw new PilotError(
      'USAGE',
      '--in-cluster is one way to a cluster, and --kubeconfig or --context another',
      {
        hint: 'Give one of them.',
      },
    );
  if (kubeconfig !== undefined || context !== undefined) return { kubeconfig, context, clusterId };
  if (inCluster || (isAutomatic && (await isInCluster()))) return { inCluster: true, clusterId };
  return undefined;
}

/** Takes up the clusters of another settings file. */
function followClusters(pilot: Pilot, values: FileValues, file: string, logger: Logger): void {
  let entries: readonly ClusterEntry[];
  try {
    entries = clusterEntries(values['clusters'], dirname(file));
  } catch (error) {
    logger.error(`the clusters in force stay: ${errorMessage(error)}`);
    return;
  }
  pilot.setClusters(entries);
}

/** `--strict`: a refused document, or a security policy that nobody enforces, keeps the server from starting. */
async function refuseFindings(directory: string): Promise<void> {
  const state = await readMeshDirectory(directory);
  const errors = state.problems.filter(({ severity }) => severity === 'error').length;
  if (errors + state.notEnforced.length === 0) return;
  throw new PilotError(
    'CONFIG_INVALID',
    `--strict: ${errors} documents are refused and ${state.notEnforced.length} security policies are not enforced`,
    { hint: `Run \`pilotlight validate ${directory}\` to see them.` },
  );
}

/** A taken port is told with the flag that chooses another. */
function withFlag(error: unknown, { xdsAddress, httpAddress }: Settings): unknown {
  if (!(error instanceof PilotError) || (error.code !== 'PORT_IN_USE' && error.code !== 'LISTEN_FAILED'))
    return error;
  const [flag, port] = error.message.includes(formatAddress(xdsAddress))
    ? ['--xds-address', xdsAddress.port]
    : ['--http-address', httpAddress.port];
  return new PilotError(error.code, error.message, {
    hint: `Choose another address with ${flag} HOST:PORT (port ${port} is taken or not yours; 127.0.0.1:0 asks for a free one).`,
    cause: error,
  });
}

function announce(
  output: Output,
  pilot: Pilot,
  directory: string | undefined,
  chosen: Settings,
  example: boolean,
): void {
  const addresses = `Ready: ADS on ${formatAddress(pilot.xdsAddress)}${security(chosen)}, HTTP on http://${formatAddress(pilot.httpAddress)}`;
  if (directory === undefined) {
    output.say(addresses);
    if (!chosen.rawSnapshots) {
      output.say(
        `Next: \`pilotlight registries --http ${formatAddress(pilot.httpAddress)}\` shows how they are doing.`,
      );
      return;
    }
    output.say(`Next: PUT http://${formatAddress(pilot.httpAddress)}/snapshot gives a node its resources.`);
    return;
  }
  const state = pilot.directoryState();
  const objects = [...(state?.clusters.values() ?? [])].reduce((sum, { size }) => sum + size, 0);
  const refused = state?.problems.filter(({ severity }) => severity === 'error').length ?? 0;
  output.say(
    `Loaded ${objects} objects from ${state?.files ?? 0} files of ${directory}${refused > 0 ? `; ${refused} refused` : ''}.`,
  );
  output.say(addresses);
  output.say(
    example
      ? 'Next: `npm run tour` starts its workloads, their sidecars and a gateway; README.md has the tour.'
      : `Next: \`pilotlight bootstrap --server ${formatAddress(pilot.xdsAddress)}${bootstrapFiles(chosen)}\` writes a bootstrap for an Envoy.`,
  );
}

function security({ tlsCert, tlsClientCa }: Settings): string {
  if (tlsCert === undefined) return '';
  return tlsClientCa === undefined ? ' (TLS)' : ' (mutual TLS)';
}

/** What a bootstrap needs beside the address. */
function bootstrapFiles({ tlsCert, tlsClientCa }: Settings): string {
  if (tlsCert === undefined) return '';
  return tlsClientCa === undefined ? ' --ca FILE' : ' --ca FILE --cert FILE --key FILE';
}

/** Whole or not at all: whoever waits for the file never reads half of it. */
async function writeReadyFile(path: string, { xdsAddress, httpAddress }: Pilot): Promise<void> {
  const partial = `${path}.${process.pid}`;
  const content = { xds: formatAddress(xdsAddress), http: formatAddress(httpAddress), pid: process.pid };
  await writeFile(partial, `${JSON.stringify(content)}\n`);
  await rename(partial, path);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
