/** Who the proxy of `pilotlight bootstrap` is: as the flags say, or a proxy of a mesh directory. */
import { isIP } from 'node:net';
import { PilotError } from '../base/errors.js';
import { isLoopback } from '../base/loopback.js';
import { istioVersion } from '../base/version.js';
import { readMeshDirectory } from '../config/mesh-directory/read.js';
import type { NodeDescription } from '../mesh/node.js';
import { parseLocality } from '../model/locality.js';
import { listOption, textOption, type OptionValues } from './command.js';
import { chooseProxies } from './proxies.js';

/** A node as a bootstrap holds it. */
export interface BootstrapNode {
  readonly nodeId: string;
  readonly nodeCluster: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly locality?: { readonly region: string; readonly zone: string; readonly sub_zone: string };
}

/** Flags that say who the proxy is, by the names of their values; a proxy of a directory is that already. */
const identityFlags: Readonly<Record<string, string>> = {
  type: '--type',
  name: '--name',
  namespace: '--namespace',
  ip: '--ip',
  domain: '--domain',
  clusterId: '--cluster-id',
  serviceAccount: '--service-account',
  label: '--label',
  locality: '--locality',
};

/** The node, whose metadata end in `kind` and what `--metadata` adds. @throws PilotError USAGE */
export async function bootstrapNode(
  directory: string | undefined,
  options: OptionValues,
  kind: Readonly<Record<string, unknown>>,
): Promise<BootstrapNode> {
  const proxy = textOption(options, 'proxy');
  if (proxy === undefined) {
    if (directory !== undefined)
      throw new PilotError('USAGE', `${directory} is of no use without --proxy, which names the proxy in it`);
    return withMetadata(flagNode(options), kind, options);
  }
  for (const [name, flag] of Object.entries(identityFlags)) {
    if (options[name] !== undefined)
      throw new PilotError('USAGE', `${flag} cannot be given with --proxy: the mesh directory says it`);
  }
  const state = await readMeshDirectory(directory ?? '.');
  const [found] = await chooseProxies(state, { proxies: [proxy], nodeFiles: [], allProxies: false });
  if (found === undefined) throw new PilotError('USAGE', `there is no proxy "${proxy}"`);
  return withMetadata(directoryNode(found.node), kind, options);
}

/** Metadata by which Istio's own proxy is known; what it says of interception is not for other Envoys. */
export function istioKind(): Readonly<Record<string, string>> {
  return { ISTIO_VERSION: `${istioVersion.line}.0` };
}

/**
 * An address for Envoy's admin port that no other Envoy on this machine has: that of the proxy itself, where it has a
 * loopback address of its own.
 */
export function adminHost({ nodeId }: BootstrapNode): string {
  const address = nodeId.split('~')[1] ?? '';
  return isLoopback(address) ? address : '127.0.0.1';
}

function withMetadata(
  node: BootstrapNode,
  kind: Readonly<Record<string, unknown>>,
  options: OptionValues,
): BootstrapNode {
  const further = listOption(options, 'metadata').map((pair) => {
    const [key, value] = keyValue('--metadata', pair);
    return [key, jsonOrText(value)] as const;
  });
  return { ...node, metadata: { ...node.metadata, ...kind, ...Object.fromEntries(further) } };
}

function flagNode(options: OptionValues): BootstrapNode {
  const [name, namespace] = [given(options, 'name', 'client'), given(options, 'namespace', 'default')];
  const ip = given(options, 'ip', '127.0.0.1');
  if (isIP(ip) === 0) throw new PilotError('USAGE', `--ip: "${ip}" is not an IP address`);
  const domain = `${namespace}.svc.${given(options, 'domain', 'cluster.local')}`;
  const account = textOption(options, 'serviceAccount');
  const locality = textOption(options, 'locality');
  return {
    nodeId: `${given(options, 'type', 'sidecar')}~${ip}~${name}.${namespace}~${domain}`,
    nodeCluster: `${name}.${namespace}`,
    metadata: {
      NAMESPACE: namespace,
      CLUSTER_ID: given(options, 'clusterId', 'Kubernetes'),
      ...(account !== undefined && { SERVICE_ACCOUNT: account }),
      LABELS: Object.fromEntries(listOption(options, 'label').map((pair) => keyValue('--label', pair))),
    },
    ...(locality !== undefined && { locality: localityOf(locality) }),
  };
}

function localityOf(text: string): NonNullable<BootstrapNode['locality']> {
  const { region, zone, subZone } = parseLocality(text);
  return { region, zone, sub_zone: subZone };
}

/** The node of a proxy in a directory, which is an Istio proxy there if it is a Pod's. */
function directoryNode({ id, cluster, metadata = {}, locality = {} }: NodeDescription): BootstrapNode {
  const { ISTIO_VERSION: _version, INTERCEPTION_MODE: _mode, ...others } = metadata;
  const { region = '', zone = '', sub_zone: subZone = '' } = locality;
  return {
    nodeId: id,
    nodeCluster: cluster ?? id.split('~')[2] ?? id,
    metadata: others,
    ...(region !== '' && { locality: { region, zone, sub_zone: subZone } }),
  };
}

/** `KEY=VALUE`. @throws PilotError USAGE */
export function keyValue(flag: string, pair: string): [string, string] {
  const at = pair.indexOf('=');
  if (at <= 0) throw new PilotError('USAGE', `${flag}: "${pair}" has no "="`);
  return [pair.slice(0, at), pair.slice(at + 1)];
}

function jsonOrText(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value; // anything that is no JSON is text
  }
}

function given(options: OptionValues, name: string, usual: string): string {
  const value = textOption(options, name) ?? usual;
  if (value === '') throw new PilotError('USAGE', `${identityFlags[name] ?? name} must not be empty`);
  return value;
}
