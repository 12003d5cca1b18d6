/** `pilotlight bootstrap`: a configuration with which an Envoy, or a gRPC program without one, finds Pilotlight. */
import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { PilotError, errorMessage } from '../../base/errors.js';
import {
  bootstrap,
  type ApiType,
  type ClientOptions,
  type StaticListener,
} from '../../bootstrap/bootstrap.js';
import { grpcBootstrap } from '../../bootstrap/grpc-bootstrap.js';
import type { ServerTls } from '../../bootstrap/server-tls.js';
import { parseAddress, type Address } from '../../settings/setting.js';
import { adminHost, bootstrapNode, istioKind, keyValue, type BootstrapNode } from '../bootstrap-node.js';
import {
  exitCodes,
  listOption,
  switchOption,
  textOption,
  type Command,
  type OptionValues,
} from '../command.js';

/** The values of `--api-type`, and Envoy's names for them. */
const apiTypes: Readonly<Record<string, ApiType>> = { grpc: 'GRPC', 'delta-grpc': 'DELTA_GRPC' };

/** Envoy's usual admin port in Istio. */
const adminPort = 15000;

/** Where Istio's agent listens, by the working directory that Envoy has beside it. */
const agentSocket = './var/run/secrets/workload-spiffe-uds/socket';

/** Options that a gRPC client has no use for, by their flags: what each is without having been given. */
const envoyOptions: Readonly<Record<string, readonly [name: string, unset: unknown]>> = {
  '--api-type delta-grpc': ['apiType', 'grpc'],
  '--type router': ['type', 'sidecar'],
  '--server-name': ['serverName', undefined],
  '--admin': ['admin', undefined],
  '--istio-proxy': ['istioProxy', undefined],
  '--sds': ['sds', undefined],
  '--certificates': ['certificates', undefined],
  '--http-listener': ['httpListener', undefined],
  '--tcp-listener': ['tcpListener', undefined],
  '--output yaml': ['output', 'json'],
};

export const bootstrapCommand: Command = {
  name: 'bootstrap',
  summary: 'write a bootstrap for an Envoy or a gRPC client',
  description: `Writes a bootstrap for an Envoy: who it is, where ADS is served, and its admin port on loopback. The Envoy is a sidecar, or with --type router a gateway, that gets its listeners over ADS; or, with --http-listener and --tcp-listener, it has these alone, which send all they receive to one cluster. With --grpc it writes the one that gRPC programs without an Envoy read from the file that GRPC_XDS_BOOTSTRAP names.

Who the Envoy is, flags say, or --proxy names it in the mesh directory DIR. A CLUSTER is the name of an Envoy cluster (\`outbound|80|v1|catalog.shop.svc.cluster.local\`), or HOST:PORT, or HOST:PORT/SUBSET.`,
  arguments: [{ name: '[DIR]', help: 'the mesh directory in which --proxy is looked up' }],
  options: [
    { flags: '--grpc', help: 'for a gRPC program that speaks xDS itself, without an Envoy; JSON' },
    { flags: '--server <HOST:PORT>', help: 'where ADS is served', default: '127.0.0.1:15010' },
    {
      flags: '--api-type <type>',
      help: 'how to speak ADS: grpc, the state of the world, or delta-grpc, changes only',
      choices: Object.keys(apiTypes),
      default: 'grpc',
    },
    { flags: '--ca <file>', help: 'certificates that the server’s is trusted by, in PEM; turns TLS on' },
    { flags: '--cert <file>', help: 'the proxy’s own certificate, in PEM, for mutual TLS' },
    { flags: '--key <file>', help: 'key of --cert, in PEM' },
    {
      flags: '--server-name <name>',
      help: 'whom the server’s certificate is for, if not the host: a DNS name, an IP address or a SPIFFE URI',
    },
    {
      flags: '--admin <HOST:PORT>',
      help: 'Envoy’s admin address (default: port 15000 of the proxy’s address if that is loopback, else of 127.0.0.1)',
    },
    {
      flags: '-p, --proxy <name>',
      help: 'a name in proxies.yaml, or POD.NAMESPACE of a Pod in DIR; says all of the following but metadata',
    },
    { flags: '--type <type>', help: 'sidecar or router (default: sidecar)', choices: ['sidecar', 'router'] },
    { flags: '--name <name>', help: 'the proxy’s name, usually its Pod’s (default: client)' },
    { flags: '--namespace <namespace>', help: 'the proxy’s namespace (default: default)' },
    { flags: '--ip <address>', help: 'the proxy’s IP address (default: 127.0.0.1)' },
    { flags: '--domain <domain>', help: 'DNS domain of the cluster (default: cluster.local)' },
    {
      flags: '--cluster-id <id>',
      help: 'the Kubernetes cluster that the proxy is in (default: Kubernetes)',
    },
    { flags: '--service-account <name>', help: 'the workload’s service account' },
    { flags: '--label <KEY=VALUE>', help: 'a label of the workload (repeatable)', repeatable: true },
    {
      flags: '--metadata <KEY=VALUE>',
      help: 'node metadata; VALUE may be JSON (repeatable)',
      repeatable: true,
    },
    { flags: '--locality <REGION/ZONE/SUBZONE>', help: 'where the proxy is' },
    {
      flags: '--istio-proxy',
      help: 'for Istio’s own Envoy build with its agent: ask for exactly what Istiod would serve',
    },
    {
      flags: '--certificates <folder>',
      help: 'the workload’s certificate for mutual TLS with others: tls.crt, tls.key and ca.crt, as `pilotlight ca issue` writes them; followed when they change',
    },
    {
      flags: '--sds',
      help: 'say that certificates can be served to this Envoy, so that mutual TLS may be turned on',
    },
    {
      flags: '--http-listener <HOST:PORT=CLUSTER>',
      help: 'an HTTP listener that sends everything to CLUSTER (repeatable)',
      repeatable: true,
    },
    { flags: '--tcp-listener <HOST:PORT=CLUSTER>', help: 'the same for TCP (repeatable)', repeatable: true },
    {
      flags: '-o, --output <format>',
      help: 'yaml or json; without it yaml for an Envoy, and json for gRPC, which reads nothing else',
      choices: ['yaml', 'json'],
    },
    { flags: '-f, --file <path>', help: 'write to a file instead of stdout' },
  ],
  examples: [
    {
      line: 'pilotlight bootstrap --http-listener 127.0.0.1:8080=catalog.shop.svc.cluster.local:80 > envoy.yaml',
      says: 'an Envoy that answers on port 8080 from the catalog',
    },
    {
      line: 'pilotlight bootstrap --name web-1 --namespace shop --label app=web --ip 127.0.1.11',
      says: 'a sidecar of the workload web-1, which has that address',
    },
    {
      line: 'pilotlight bootstrap ./mesh --proxy web-1.shop --certificates mesh-ca/shop/web > web.yaml',
      says: 'the same as the mesh directory tells it, with mutual TLS',
    },
    {
      line: 'pilotlight bootstrap --api-type delta-grpc > envoy.yaml',
      says: 'an Envoy that is sent only what changed',
    },
    {
      line: 'pilotlight bootstrap --server pilot.mesh.svc:15012 --ca ca.crt --cert tls.crt --key tls.key > envoy.yaml',
      says: 'an Envoy that speaks mutual TLS with the server; it reads the files where it runs',
    },
    {
      line: 'pilotlight bootstrap --grpc --name web-1 --namespace shop -f grpc.json && GRPC_XDS_BOOTSTRAP=grpc.json ./web',
      says: 'a gRPC program that calls xds:///catalog.shop.svc.cluster.local:80',
    },
  ],
  run: async ({ arguments: [directory], options, output }) => {
    const grpc = switchOption(options, 'grpc');
    const content = await (grpc ? ofGrpc(directory, options) : ofEnvoy(directory, options));
    const written =
      grpc || textOption(options, 'output') === 'json'
        ? `${JSON.stringify(content, undefined, 2)}\n`
        : stringify(content, { aliasDuplicateObjects: false });
    const file = textOption(options, 'file');
    if (file === undefined) output.result(written);
    else await write(file, written);
    return exitCodes.ok;
  },
};

async function ofEnvoy(
  directory: string | undefined,
  options: OptionValues,
): Promise<Readonly<Record<string, unknown>>> {
  const node = await bootstrapNode(directory, options, envoyKind(options));
  return bootstrap({
    ...node,
    ...serverOf(options),
    apiType: apiTypes[required(options, 'apiType')] ?? 'GRPC',
    admin: adminAddress(node, options),
    listeners: [
      ...listOption(options, 'httpListener').map((value) => staticListener('http', value)),
      ...listOption(options, 'tcpListener').map((value) => staticListener('tcp', value)),
    ],
    ...(switchOption(options, 'istioProxy') && { agentSocket }),
  });
}

async function ofGrpc(
  directory: string | undefined,
  options: OptionValues,
): Promise<Readonly<Record<string, unknown>>> {
  for (const [flag, [name, unset]] of Object.entries(envoyOptions)) {
    if (options[name] !== undefined && options[name] !== unset)
      throw new PilotError('USAGE', `${flag} is for an Envoy and cannot be given with --grpc`);
  }
  const node = await bootstrapNode(directory, options, { GENERATOR: 'grpc' });
  return grpcBootstrap({ ...node, ...serverOf(options) });
}

function serverOf(options: OptionValues): Pick<ClientOptions, 'server' | 'serverTls'> {
  return { server: addressOption(options, 'server'), ...serverTls(options) };
}

function adminAddress(node: BootstrapNode, options: OptionValues): Address {
  return textOption(options, 'admin') === undefined
    ? { host: adminHost(node), port: adminPort }
    : addressOption(options, 'admin');
}

/** Metadata that tells which of the two kinds of Envoy this is, which decides what it is served: docs/dialects.md. */
function envoyKind(options: OptionValues): Readonly<Record<string, string>> {
  const certificates = textOption(options, 'certificates');
  const isIstios = switchOption(options, 'istioProxy');
  if (isIstios && certificates !== undefined)
    throw new PilotError('USAGE', '--certificates cannot be given with --istio-proxy: its agent gives them');
  return {
    ...(isIstios ? istioKind() : { INTERCEPTION_MODE: 'NONE' }),
    ...((switchOption(options, 'sds') || certificates !== undefined) && { PILOTLIGHT_SDS: 'true' }),
    ...(certificates !== undefined && { PILOTLIGHT_CERTIFICATES: certificates }),
  };
}

function serverTls(options: OptionValues): { serverTls?: ServerTls } {
  const [ca, cert, key, serverName] = ['ca', 'cert', 'key', 'serverName'].map((name) =>
    textOption(options, name),
  );
  if ([ca, cert, key, serverName].every((value) => value === undefined)) return {};
  if (ca === undefined) {
    throw new PilotError('USAGE', 'TLS needs --ca, or the proxy would trust any server', {
      hint: 'Give the file with the CA of the server’s certificate.',
    });
  }
  const named = { ca, ...(serverName !== undefined && { serverName }) };
  if (cert !== undefined && key !== undefined) return { serverTls: { ...named, own: { cert, key } } };
  if (cert !== key) throw new PilotError('USAGE', '--cert and --key are given together or not at all');
  return { serverTls: named };
}

/** `HOST:PORT=CLUSTER`. */
function staticListener(protocol: StaticListener['protocol'], value: string): StaticListener {
  const flag = `--${protocol}-listener`;
  const [address, cluster] = keyValue(flag, value);
  return { protocol, address: readAddress(flag, address), cluster: clusterName(cluster) };
}

/** The Envoy cluster of `HOST:PORT` or `HOST:PORT/SUBSET`; any other name stands for itself. */
function clusterName(text: string): string {
  const match = /^([^|:/]+):(\d+)(?:\/([^|:/]+))?$/.exec(text);
  return match === null ? text : `outbound|${match[2]}|${match[3] ?? ''}|${match[1]}`;
}

function addressOption(options: OptionValues, name: string): Address {
  return readAddress(`--${name}`, required(options, name));
}

function readAddress(flag: string, text: string): Address {
  try {
    return parseAddress(text);
  } catch (error) {
    throw new PilotError('USAGE', `${flag}: ${errorMessage(error)}`, { cause: error });
  }
}

function required(options: OptionValues, name: string): string {
  const value = textOption(options, name);
  if (value === undefined || value === '') throw new PilotError('USAGE', `--${name} must not be empty`);
  return value;
}

async function write(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw new PilotError('USAGE', `--file: ${path} cannot be written: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}
