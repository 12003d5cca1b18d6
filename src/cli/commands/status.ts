/** `pilotlight status`: what each connected proxy was sent, and what became of it. */
import { colours } from '../../compare/colours.js';
import { badValue, parseDuration } from '../../settings/setting.js';
import { exitCodes, switchOption, textOption, type Command, type CommandContext } from '../command.js';
import { httpAddressOf, httpOption } from '../http-client.js';
import { isSynced, type ProxyStatus } from '../status/proxy-status.js';
import { StatusClient } from '../status/status-client.js';
import { proxyDetails, statusTable, summary } from '../status/status-text.js';
import { jsonView, lineView, screenView, type ViewOptions } from '../status/watch-views.js';
import { watchStatus } from '../status/watch.js';

/** Milliseconds; a server is not asked more often, whatever is given. */
const shortestInterval = 10;

export const statusCommand: Command = {
  name: 'status',
  summary: 'show what each connected proxy was sent, and whether it accepted it',
  description:
    'Asks a running server, and shows for each proxy and type: SYNCED (the last response was accepted), STALE (it was neither accepted nor refused yet), NOT SENT, or ERROR (it was refused, with the reason below). The time in brackets is since then. ' +
    'Works with an Istiod’s HTTP port too, as far as that tells. ' +
    'Exit code 0: every proxy is synced, 1: one is not, or the named proxy is not connected, 2: the server cannot be asked. With --watch 0 when it is interrupted.',
  arguments: [
    {
      name: '[PROXY]',
      help: 'everything of one proxy: its name, its node id, or a part of its connection id',
    },
  ],
  options: [
    httpOption,
    { flags: '-n, --namespace <name>', help: 'only proxies of this namespace' },
    { flags: '-w, --watch', help: 'follow it: drawn anew on a terminal, else a line for each change' },
    { flags: '--interval <duration>', help: 'how often --watch asks', default: '1s' },
    { flags: '-o, --output <format>', help: 'text or json', choices: ['text', 'json'], default: 'text' },
  ],
  examples: [
    { line: 'pilotlight status', says: 'all proxies of the server on this machine' },
    { line: 'pilotlight status web-1.shop', says: 'everything of one proxy' },
    { line: 'pilotlight status --watch | tee status.log', says: 'what happens, line by line' },
    {
      line: 'until pilotlight status web-1.shop > /dev/null; do sleep 1; done',
      says: 'waits until a proxy is connected and has accepted everything',
    },
  ],
  run: async (context) => {
    const { arguments: given, options, signal } = context;
    const client = new StatusClient(httpAddressOf(context), textOption(options, 'namespace'));
    const select = selection(given[0]);
    if (switchOption(options, 'watch')) {
      await watchStatus({
        ask: (until) => client.ask(until),
        show: viewOf(context, {
          address: client.address,
          select,
          write: (text) => context.output.result(text),
        }),
        interval: intervalOf(context),
        signal,
      });
      return exitCodes.ok;
    }
    const proxies = select((await client.ask(signal)).proxies);
    print(context, client.address, proxies);
    const isMissing = given[0] !== undefined && proxies.length === 0;
    return !isMissing && proxies.every(isSynced) ? exitCodes.ok : exitCodes.findings;
  },
};

function print(
  { arguments: [name], options, output }: CommandContext,
  address: string,
  proxies: readonly ProxyStatus[],
): void {
  if (textOption(options, 'output') === 'json') {
    const synced = proxies.every(isSynced);
    output.result(`${JSON.stringify({ server: address, synced, proxies }, undefined, 2)}\n`);
    return;
  }
  const paint = colours(output.colour);
  if (name === undefined) {
    output.result(statusTable(proxies, paint));
    output.say(`${address}: ${summary(proxies)}`);
  } else if (proxies.length === 0) {
    output.say(`${name} is not connected to ${address}`);
  } else {
    output.result(proxies.map((proxy) => proxyDetails(proxy, paint)).join('\n'));
  }
}

function viewOf(
  { arguments: [name], options, output }: CommandContext,
  view: ViewOptions,
): ReturnType<typeof lineView> {
  if (textOption(options, 'output') === 'json') return jsonView(view);
  const { screen } = output;
  const size = screen?.();
  if (size === undefined) return lineView(view);
  return screenView({
    ...view,
    colours: colours(output.colour),
    details: name !== undefined,
    size: () => screen?.() ?? size,
  });
}

/** By name, else by node id, else by a part of the connection id, as Istio's proxyID; everything without a name. */
function selection(name: string | undefined): ViewOptions['select'] {
  if (name === undefined) return (proxies) => proxies;
  return (proxies) => {
    for (const isMeant of [
      (proxy: ProxyStatus) => proxy.name === name,
      (proxy: ProxyStatus) => proxy.nodeId === name,
      (proxy: ProxyStatus) => proxy.connections.some((connection) => connection.includes(name)),
    ]) {
      const found = proxies.filter(isMeant);
      if (found.length > 0) return found;
    }
    return [];
  };
}

/** @throws PilotError USAGE */
function intervalOf({ options }: CommandContext): number {
  try {
    return Math.max(shortestInterval, parseDuration(textOption(options, 'interval') ?? ''));
  } catch (error) {
    throw badValue('--interval', error);
  }
}
