/** `pilotlight route`: which way a request takes through a proxy. */
import { errorMessage, PilotError } from '../../base/errors.js';
import type { ServerOptions } from '../../compare/load/server.js';
import type { ProxyRequest, Side } from '../../compare/side.js';
import { explainRoute } from '../../explain/route/explain-route.js';
import { routeReport } from '../../explain/route/report.js';
import { parseRequest, type RouteRequest } from '../../explain/route/request.js';
import { proxyFromNode } from '../../mesh/node.js';
import { exitCodes, listOption, textOption, type Command, type OptionValues } from '../command.js';
import { currentFolder } from '../mesh-argument.js';
import { paintOf } from '../paint.js';
import { readNodeFile } from '../proxies.js';
import { openSide } from '../sides.js';

const types = ['cds', 'eds', 'lds', 'rds'] as const;
const timeoutMs = 30_000;

export const routeCommand: Command = {
  name: 'route',
  summary: 'tell which listener, route, cluster and endpoints a request would take',
  description:
    'Follows a request through the configuration that a proxy is served, as its Envoy would: the listener by the address and port, the filter chain, the virtual host by the search order of domains, the routes one by one, the cluster and its endpoints; and says why each. ' +
    'A client connects to the address that the host has in the mesh; --to says another one. Nothing is sent. ' +
    'Exit code 0: the request gets to a cluster that has an endpoint for it, 1: it does not, 2: the command cannot be used so.',
  arguments: [
    { name: '<METHOD>', help: 'for example GET' },
    { name: '<URL>', help: 'as the client writes it: http://catalog/items?page=2' },
    {
      name: '[SOURCE]',
      help: 'a mesh directory (the current folder if it holds YAML), xds://HOST:PORT, envoy://HOST:ADMIN-PORT, or a saved config_dump',
    },
  ],
  options: [
    {
      flags: '-p, --proxy <name>',
      help: 'a name in proxies.yaml, or POD.NAMESPACE of a Pod in the directory',
    },
    { flags: '--node <file>', help: 'an Envoy node, or a bootstrap that has one' },
    { flags: '-H, --header <header>', help: 'a header, as "name: value" (repeatable)', repeatable: true },
    { flags: '--to <address>', help: 'ADDRESS or ADDRESS:PORT that the client connects to' },
    {
      flags: '--listener <name>',
      help: 'the listener that it connects to: an HTTP proxy, a socket, or one of a router',
    },
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
      line: `pilotlight route GET http://catalog/items ./mesh --proxy web-1.shop -H 'x-canary: yes'`,
      says: 'as the sidecar of a Pod would route it',
    },
    {
      line: 'pilotlight route GET http://shop.example.com:8080/ ./mesh --proxy edge',
      says: 'a request that comes to a gateway on port 8080',
    },
    {
      line: 'pilotlight route POST http://orders:8080/ envoy://127.0.0.1:15000 -o json',
      says: 'by what a running Envoy has in force, for a script',
    },
  ],
  run: async (context) => {
    const { arguments: given, options, output } = context;
    const request = readRequest(given[0] ?? '', given[1] ?? '', options);
    const side = await openSide(
      given[2] ?? (await currentFolder('source', 'pilotlight route METHOD URL DIR --proxy NAME')),
      serverOptions,
      output,
    );
    try {
      const asked = await askedProxy(side, options);
      const { answer, notes } = await side.answer(asked, types);
      for (const note of notes) output.say(note);
      const dnsDomain = asked.node === undefined ? '' : proxyFromNode(asked.node).dnsDomain;
      const explanation = explainRoute(answer, request, { dnsDomain });
      output.result(
        textOption(options, 'output') === 'json'
          ? `${JSON.stringify(explanation, undefined, 2)}\n`
          : routeReport(explanation, paintOf(context)),
      );
      return explanation.outcome === 'sent' ? exitCodes.ok : exitCodes.findings;
    } finally {
      side.close();
    }
  },
};

const serverOptions: ServerOptions = {
  ca: undefined,
  cert: undefined,
  key: undefined,
  tokenFile: undefined,
  serverName: undefined,
  timeoutMs,
};

/** @throws PilotError USAGE */
function readRequest(method: string, url: string, options: OptionValues): RouteRequest {
  const to = textOption(options, 'to');
  const listener = textOption(options, 'listener');
  try {
    return parseRequest({
      method,
      url,
      headers: listOption(options, 'header'),
      ...(to !== undefined && { to }),
      ...(listener !== undefined && { listener }),
    });
  } catch (error) {
    throw new PilotError('USAGE', errorMessage(error));
  }
}

/** The proxy that is asked as: the one that was named, or the only one that the source knows. */
async function askedProxy({ proxies, source }: Side, options: OptionValues): Promise<ProxyRequest> {
  const name = textOption(options, 'proxy');
  const nodeFile = textOption(options, 'node');
  if (name !== undefined && nodeFile !== undefined)
    throw new PilotError('USAGE', 'a request goes through one proxy: give --proxy or --node');
  if (nodeFile !== undefined) return readNodeFile(nodeFile);
  if (proxies.kind === 'single') return { name: name ?? proxies.name ?? source, node: proxies.node };
  if (proxies.kind === 'any')
    throw new PilotError('USAGE', `${source} knows no proxies by name`, {
      hint: 'Give the node of one with --node FILE.',
    });
  const known = `It knows: ${proxies.names.join(', ') || 'none'}.`;
  if (name === undefined)
    throw new PilotError('USAGE', 'no proxy that the request goes through', {
      hint: `Name one with --proxy. ${known}`,
    });
  if (!proxies.has(name)) throw new PilotError('USAGE', `there is no proxy "${name}"`, { hint: known });
  return { name, node: proxies.node(name) };
}
