/** `pilotlight compare`: where two control planes differ in what they serve a proxy. */
import { basename } from 'node:path';
import { PilotError } from '../../base/errors.js';
import type { ServerOptions } from '../../compare/load/server.js';
import { switchOption, textOption, type Command, type OptionValues } from '../command.js';
import { comparisonOptions, runComparison } from '../comparison.js';
import { openSide } from '../sides.js';

export const compareCommand: Command = {
  name: 'compare',
  summary: 'compare what two control planes serve a proxy',
  description:
    'Compares what two sides serve a proxy: by resource type, what is only on one side, and the fields that differ with both values. ' +
    'A side is a mesh directory, REV:DIR of a git repository, a running ADS server (xds://HOST:PORT), an Envoy (envoy://HOST:ADMIN-PORT), or a saved JSON file: ' +
    'an Envoy’s or an Istiod’s config_dump, `istioctl proxy-config … -o json`, `pilotlight xds -o json`. ' +
    'Resources are compared by name. Where a side comes from a live server, orders that Istio leaves to chance do not count either (endpoints of one locality, query parameters of a match, addresses of a name), unless --exact is given. ' +
    'Exit code 0: equal, 1: different, 2: could not compare.',
  arguments: [
    { name: '<A>', help: 'one side' },
    { name: '<B>', help: 'the other side' },
  ],
  options: [
    ...comparisonOptions,
    {
      flags: '--all-proxies',
      help: 'every proxy that a side knows: those of proxies.yaml, or every Pod where there is none',
    },
    { flags: '--exact', help: 'orders that Istio leaves to chance count too' },
    {
      flags: '--ca <file>',
      help: 'xds://: certificates that the server’s is trusted by, in PEM; turns TLS on',
    },
    { flags: '--cert <file>', help: 'xds://: own certificate, in PEM; turns TLS on' },
    { flags: '--key <file>', help: 'xds://: key of --cert, in PEM' },
    { flags: '--token-file <file>', help: 'xds://: bearer token; turns TLS on' },
    { flags: '--server-name <name>', help: 'xds://: whom the server’s certificate is for, if not the host' },
    { flags: '--timeout <seconds>', help: 'how long a server or an Envoy may take to answer', default: '30' },
  ],
  examples: [
    {
      line: 'pilotlight compare ./mesh xds://127.0.0.1:15010 --proxy web-1.shop',
      says: 'a directory and a running control plane, for one proxy',
    },
    {
      line: 'pilotlight compare ./mesh envoy://127.0.0.1:15000',
      says: 'what an Envoy has in force; which proxy it is, it says itself',
    },
    {
      line: 'pilotlight compare ./mesh dump.json --proxy web-1.shop --ignore cds:metadata',
      says: 'a saved config_dump, without the metadata of clusters',
    },
    {
      line: 'pilotlight compare ./mesh xds://127.0.0.1:15012 --all-proxies --ca root.pem --token-file token --server-name istiod.istio-system.svc -o json',
      says: 'an Istiod over TLS, for every proxy of the directory, for a script',
    },
  ],
  run: async (context) => {
    const { arguments: sources, options, output } = context;
    const [a = '', b = ''] = sources;
    const server = serverOptions(options);
    const left = await openSide(a, server, output);
    try {
      const right = await openSide(b, server, output);
      try {
        return await runComparison([left, right], context, {
          labels: labelsOf(a, b),
          all: switchOption(options, 'allProxies'),
          exact: switchOption(options, 'exact'),
        });
      } finally {
        right.close();
      }
    } finally {
      left.close();
    }
  },
};

/** What the sides are called: a path by its last part, and A and B where that does not tell them apart. */
function labelsOf(a: string, b: string): readonly [string, string] {
  const [left, right] = [a, b].map((source) => (source.includes('://') ? source : basename(source)));
  const isClear = left !== undefined && right !== undefined && left !== right && left !== '' && right !== '';
  return isClear ? [left, right] : ['A', 'B'];
}

function serverOptions(options: OptionValues): ServerOptions {
  return {
    ca: textOption(options, 'ca'),
    cert: textOption(options, 'cert'),
    key: textOption(options, 'key'),
    tokenFile: textOption(options, 'tokenFile'),
    serverName: textOption(options, 'serverName'),
    timeoutMs: readSeconds(textOption(options, 'timeout') ?? '30') * 1000,
  };
}

function readSeconds(text: string): number {
  const seconds = Number(text);
  if (!Number.isFinite(seconds) || seconds <= 0)
    throw new PilotError('USAGE', `--timeout: "${text}" is no number of seconds`);
  return seconds;
}
