/** `pilotlight dump`: a live mesh as a mesh directory. */
import { PilotError } from '../../base/errors.js';
import { meshConfigMapName } from '../../clusters/mesh-settings.js';
import { primaryClusterId } from '../../config/mesh-directory/state.js';
import { dump } from '../../dump/dump.js';
import type { ConfigMapName } from '../../dump/mesh-config-map.js';
import { ContextAccess } from '../../kubernetes/access.js';
import { ApiClient } from '../../kubernetes/api-client.js';
import { contextOfFiles } from '../../kubernetes/kubeconfig-files.js';
import { settings } from '../../settings/settings.js';
import { exitCodes, listOption, switchOption, textOption, type Command } from '../command.js';

const kubernetesName = /^[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?$/;

export const dumpCommand: Command = {
  name: 'dump',
  summary: 'write a live cluster’s mesh to a directory',
  description: `Lists what Pilotlight reads of a Kubernetes cluster and writes it as a mesh directory, so that its mesh can be served, asked, compared and explained offline, or be attached to a report. Nothing in the cluster is changed.

Of Pods, Nodes and metadata no more is written than what is read: no environments, arguments, images or volumes. Annotations, and all of the spec of Istio’s kinds and of Services, are written; look at them before you give them away.

A dump that fails leaves the directory as it was. A complete one has the file dump.json.`,
  arguments: [],
  options: [
    { flags: '--output <DIR>', help: 'the directory to write; it has to be empty or not to exist' },
    {
      flags: '--force',
      help: 'write to a directory that is not empty: files of an earlier dump are replaced, other files stay',
    },
    {
      flags: '--kubeconfig <FILE>',
      help: 'the kubeconfig; without it KUBECONFIG or ~/.kube/config, as kubectl does',
    },
    { flags: '--context <NAME>', help: 'context of the kubeconfig; without it the current one' },
    {
      flags: '--remote <NAME=CONTEXT>',
      help: 'a further cluster of the mesh, by the name that the mesh knows it by (repeatable)',
      repeatable: true,
    },
    {
      flags: '--mesh-config <NAMESPACE/NAME>',
      help: 'the ConfigMap with the mesh configuration; unless given istio-system/istio, or istio-system/istio-R of revision R',
    },
    {
      flags: '--revision <NAME>',
      help: 'the revision of the control plane: Istio objects with another label istio.io/rev are left out',
      default: settings.revision.default,
    },
    { flags: '--secrets', help: 'with the secrets that Gateways name, private keys included' },
    { flags: '--proxies', help: 'with proxies.yaml: each Pod that has a container istio-proxy' },
  ],
  examples: [
    {
      line: 'pilotlight dump --context staging --output ./mesh && pilotlight xds ./mesh --proxy web-1.shop',
      says: 'what the sidecar of a Pod would be served',
    },
    {
      line: 'pilotlight dump --context staging --proxies --output ./mesh && pilotlight xds ./mesh --all-proxies',
      says: 'the same for every proxy, gateways included',
    },
    {
      line: 'pilotlight dump --context east --remote west=west-admin --output ./mesh',
      says: 'a mesh of two clusters',
    },
  ],
  run: async ({ options, env, output, signal }) => {
    const directory = textOption(options, 'output');
    if (directory === undefined || directory === '')
      throw new PilotError('USAGE', 'no directory to write', { hint: 'Name one with --output DIR.' });
    const kubeconfig = textOption(options, 'kubeconfig');
    const revision = textOption(options, 'revision') ?? settings.revision.default;
    const clients: ApiClient[] = [];
    const clientOf = (context: string | undefined): ApiClient => {
      const client = new ApiClient(new ContextAccess(contextOfFiles(kubeconfig, context, env)));
      clients.push(client);
      return client;
    };
    try {
      const remotes = new Map(
        readRemotes(listOption(options, 'remote')).map(([name, context]) => [name, clientOf(context)]),
      );
      const { files, objects, clusters } = await dump({
        output: directory,
        force: switchOption(options, 'force'),
        primary: clientOf(textOption(options, 'context')),
        remotes,
        revision,
        meshConfig: readConfigMapName(
          textOption(options, 'meshConfig') ?? `istio-system/${meshConfigMapName(revision)}`,
        ),
        secrets: switchOption(options, 'secrets'),
        proxies: switchOption(options, 'proxies'),
        signal,
        said: (line) => output.say(line),
      });
      const of = clusters === 1 ? '' : ` of ${clusters} clusters`;
      output.result(`${objects} objects${of} in ${files} files: ${directory}\n`);
      return exitCodes.ok;
    } finally {
      for (const client of clients) client.close();
    }
  },
};

function readRemotes(values: readonly string[]): readonly (readonly [name: string, context: string])[] {
  const remotes = values.map((value) => {
    const [whole, name = '', context = ''] = /^([A-Za-z0-9][A-Za-z0-9._-]*)=(.+)$/.exec(value) ?? [];
    if (whole === undefined)
      throw new PilotError(
        'USAGE',
        `--remote: "${value}" is not NAME=CONTEXT with a name of letters and digits`,
      );
    if (name === primaryClusterId)
      throw new PilotError(
        'USAGE',
        `--remote: ${name} is what the primary cluster is called in a mesh directory`,
      );
    return [name, context] as const;
  });
  if (new Set(remotes.map(([name]) => name)).size < remotes.length)
    throw new PilotError('USAGE', '--remote: two clusters have the same name');
  return remotes;
}

function readConfigMapName(text: string): ConfigMapName {
  const [namespace = '', name = '', ...rest] = text.split('/');
  if (rest.length > 0 || !kubernetesName.test(namespace) || !kubernetesName.test(name))
    throw new PilotError('USAGE', `--mesh-config: "${text}" is not NAMESPACE/NAME`);
  return { namespace, name };
}
