/** `pilotlight explain`: why a cluster and its endpoints look to a proxy as they do. */
import { PilotError } from '../../base/errors.js';
import { readMeshDirectory } from '../../config/mesh-directory/read.js';
import { explain, type Question } from '../../explain/explain.js';
import { reportText } from '../../explain/report.js';
import { proxyFromNode } from '../../mesh/node.js';
import { resolveProxy } from '../../mesh/proxy-context.js';
import { snapshotOf } from '../../offline.js';
import { exitCodes, textOption, type Command } from '../command.js';
import { currentFolder } from '../mesh-argument.js';
import { paintOf } from '../paint.js';
import { sayProblems } from '../problems.js';
import { chooseProxies } from '../proxies.js';

export const explainCommand: Command = {
  name: 'explain',
  summary: 'tell why a host’s clusters and endpoints look to a proxy as they do',
  description:
    'Tells which registry and object each service, endpoint, port and setting of a host came from, which DestinationRule is in force and why, and what was left out and for which reason. ' +
    'Exit code 0: the proxy is served the host, 1: the host or the port is not known to the mesh or not visible to the proxy (it is explained all the same), 2: the command cannot be used so.',
  arguments: [
    {
      name: '<HOST>',
      help: 'a host, as HOST or HOST:PORT; a Kubernetes name may be short: catalog, catalog.shop',
    },
    { name: '[DIR]', help: 'the mesh directory; the current folder if it holds YAML' },
  ],
  options: [
    {
      flags: '-p, --proxy <name>',
      help: 'a name in proxies.yaml, or POD.NAMESPACE of a Pod in the directory',
    },
    { flags: '--node <file>', help: 'an Envoy node, or a bootstrap that has one' },
    { flags: '-o, --output <format>', help: 'text or json', choices: ['text', 'json'], default: 'text' },
    {
      flags: '--color <when>',
      help: 'auto: on a terminal, unless NO_COLOR is set',
      choices: ['auto', 'always', 'never'],
      default: 'auto',
    },
  ],
  examples: [
    {
      line: 'pilotlight explain catalog.shop.svc.cluster.local:80 ./mesh --proxy web-1.shop',
      says: 'one port of a host, as the sidecar of a Pod sees it',
    },
    {
      line: 'pilotlight explain catalog --proxy client',
      says: 'all ports; the mesh is in the current folder',
    },
    {
      line: 'pilotlight explain api.example.com ./mesh --node envoy.yaml -o json',
      says: 'for scripts, as the Envoy of this bootstrap',
    },
  ],
  run: async (context) => {
    const { arguments: given, options, output } = context;
    const question = parseQuestion(given[0] ?? '');
    const directory =
      given[1] ?? (await currentFolder('mesh directory', 'pilotlight explain HOST DIR --proxy NAME'));
    const proxy = textOption(options, 'proxy');
    const nodeFile = textOption(options, 'node');
    if (proxy !== undefined && nodeFile !== undefined)
      throw new PilotError('USAGE', 'a host is explained to one proxy: give --proxy or --node');
    const state = await readMeshDirectory(directory);
    sayProblems(output, state);
    const [chosen] = await chooseProxies(state, {
      proxies: proxy === undefined ? [] : [proxy],
      nodeFiles: nodeFile === undefined ? [] : [nodeFile],
      allProxies: false,
    });
    if (chosen === undefined) throw new PilotError('USAGE', 'no proxy to ask as');
    const explanation = explain(state, resolveProxy(snapshotOf(state), proxyFromNode(chosen.node)), question);
    output.result(
      textOption(options, 'output') === 'json'
        ? `${JSON.stringify(explanation, undefined, 2)}\n`
        : reportText(explanation, paintOf(context)),
    );
    return explanation.outcome === 'visible' ? exitCodes.ok : exitCodes.findings;
  },
};

/** Reads `HOST` or `HOST:PORT`. @throws PilotError USAGE */
function parseQuestion(text: string): Question {
  const match = /^([^:\s]+)(?::(\d{1,5}))?$/.exec(text);
  const host = match?.[1];
  const port = match?.[2] === undefined ? undefined : Number(match[2]);
  if (host === undefined || port === 0 || (port ?? 0) > 65_535) {
    throw new PilotError('USAGE', `"${text}" is no host to explain`, {
      hint: 'Write HOST or HOST:PORT, for example catalog.shop.svc.cluster.local:80.',
    });
  }
  return { host, ...(port !== undefined && { port }) };
}
