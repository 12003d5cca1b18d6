/** Which proxies a command is asked about: names of proxies.yaml, Pods, or a node in a file. */
import { isRecord } from '../base/is-record.js';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { PilotError, errorMessage } from '../base/errors.js';
import { istioVersion } from '../base/version.js';
import type { MeshDirectoryState } from '../config/mesh-directory/state.js';
import type { ConfigObject } from '../config/object.js';
import type { NodeDescription } from '../mesh/node.js';

/** A proxy to ask as, with the name under which its answer is shown. */
export interface AskedProxy {
  readonly name: string;
  readonly node: NodeDescription;
}

/** What the person named. */
export interface ProxyChoice {
  readonly proxies: readonly string[];
  readonly nodeFiles: readonly string[];
  readonly allProxies: boolean;
}

/** The chosen proxies. @throws PilotError USAGE that lists what there is when a name is unknown or none was given. */
export async function chooseProxies(state: MeshDirectoryState, choice: ProxyChoice): Promise<AskedProxy[]> {
  const named = choice.proxies.map((name) => findProxy(state, name));
  const fromFiles = await Promise.all(choice.nodeFiles.map(readNodeFile));
  const all = choice.allProxies ? everyProxy(state) : [];
  const chosen = [...named, ...fromFiles, ...all];
  if (chosen.length === 0) {
    throw new PilotError('USAGE', 'no proxy to ask as', {
      hint: `Name one with --proxy, give its node with --node FILE, or ask as each with --all-proxies. ${known(state)}`,
    });
  }
  return [...new Map(chosen.map((proxy) => [proxy.name, proxy])).values()];
}

/** Every proxy of proxies.yaml, or the sidecar of every Pod where there is none. */
export function everyProxy(state: MeshDirectoryState): AskedProxy[] {
  const listed = state.proxies.map(describedProxy);
  return listed.length > 0
    ? listed
    : pods(state)
        .filter(({ pod }) => isSidecarPod(pod))
        .map(({ cluster, pod }) => podProxy(cluster, pod, state));
}

function findProxy(state: MeshDirectoryState, name: string): AskedProxy {
  const found = proxyByName(state, name);
  if (found !== undefined) return found;
  throw new PilotError('USAGE', `there is no proxy "${name}"`, { hint: known(state) });
}

/** The proxy of a name in proxies.yaml, or of the Pod POD.NAMESPACE. @throws PilotError USAGE for a Pod without an IP. */
export function proxyByName(state: MeshDirectoryState, name: string): AskedProxy | undefined {
  const listed = state.proxies.find((proxy) => proxy.name === name);
  if (listed !== undefined) return describedProxy(listed);
  const pod = pods(state).find((candidate) => podName(candidate.pod) === name);
  return pod === undefined ? undefined : podProxy(pod.cluster, pod.pod, state);
}

/** The names that `proxyByName` takes. */
export function proxyNames(state: MeshDirectoryState): string[] {
  return [...state.proxies.map(({ name }) => name), ...pods(state).map(({ pod }) => podName(pod))];
}

function describedProxy(proxy: MeshDirectoryState['proxies'][number]): AskedProxy {
  return { name: proxy.name, node: describedNode(proxy) };
}

/** The node of a proxy in proxies.yaml. */
export function describedNode({
  id,
  metadata,
  locality,
}: MeshDirectoryState['proxies'][number]): NodeDescription {
  const { region = '', zone = '', subZone = '' } = locality ?? {};
  return { id, metadata, locality: { region, zone, sub_zone: subZone } };
}

/** The node that the agent of a Pod's sidecar would send. */
function podProxy(cluster: string, pod: ConfigObject<'Pod'>, state: MeshDirectoryState): AskedProxy {
  const { name, namespace, labels } = pod.metadata;
  const address = pod.spec.podIP;
  if (address === '')
    throw new PilotError('USAGE', `the Pod ${name}.${namespace} has no status.podIP to ask as`);
  return {
    name: podName(pod),
    node: {
      id: `sidecar~${address}~${name}.${namespace}~${namespace}.svc.${state.mesh.domainSuffix}`,
      metadata: {
        NAMESPACE: namespace,
        CLUSTER_ID: cluster,
        ISTIO_VERSION: `${istioVersion.line}.0`,
        LABELS: labels,
        INSTANCE_IPS: pod.spec.podIPs.join(','),
        NODE_NAME: pod.spec.nodeName,
        SERVICE_ACCOUNT: pod.spec.serviceAccountName,
      },
    },
  };
}

function pods(state: MeshDirectoryState): { cluster: string; pod: ConfigObject<'Pod'> }[] {
  return [...state.clusters].flatMap(([cluster, objects]) =>
    [...objects.values()].flatMap((object) => (object.kind === 'Pod' ? [{ cluster, pod: object }] : [])),
  );
}

function podName(pod: ConfigObject<'Pod'>): string {
  return `${pod.metadata.name}.${pod.metadata.namespace}`;
}

function isSidecarPod(pod: ConfigObject<'Pod'>): boolean {
  return pod.spec.podIP !== '' && !pod.spec.hostNetwork;
}

function known(state: MeshDirectoryState): string {
  const names = proxyNames(state);
  if (names.length === 0) return 'The directory has no proxies.yaml and no Pod.';
  const shown = names.slice(0, 20).join(', ');
  return `There is: ${shown}${names.length > 20 ? ` and ${names.length - 20} more` : ''}.`;
}

/** A node from a YAML or JSON file: the node itself, or a bootstrap that has it under `node`. */
export async function readNodeFile(path: string): Promise<AskedProxy> {
  let value: unknown;
  try {
    value = parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new PilotError('USAGE', `the node file ${path} cannot be read: ${errorMessage(error)}`, {
      cause: error,
    });
  }
  const node = isRecord(value) && isRecord(value['node']) ? value['node'] : value;
  if (!isRecord(node) || typeof node['id'] !== 'string') {
    throw new PilotError('USAGE', `the file ${path} holds no Envoy node`, {
      hint: 'A node has at least an id, as in `node: {id: …}` of a bootstrap.',
    });
  }
  const { id } = node;
  return { name: id.split('~')[2] ?? id, node: { ...node, id } };
}
