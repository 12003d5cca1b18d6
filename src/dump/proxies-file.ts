/** proxies.yaml from a cluster's Pods: each Envoy that Istio put into one, with the node that its agent sends. */
import { compareStrings } from '../base/compare.js';
import { istioVersion } from '../base/version.js';
import type { ListedCluster } from './cluster-objects.js';
import type { DumpFile } from './layout.js';
import { fields, list, text, type Fields } from './written-object.js';
import { yamlText } from './yaml-text.js';

/** The container of Istio's proxy, in sidecars and gateways alike. */
const proxyContainer = 'istio-proxy';

/** Environment variables that become metadata of the node. */
const metadataPrefix = 'ISTIO_META_';

/** The file; undefined where no Pod has a proxy and an address. @param cluster id of the cluster. */
export function proxiesFile({ kinds }: ListedCluster, cluster: string): DumpFile | undefined {
  const pods = kinds
    .filter(({ resource }) => resource.kind === 'Pod')
    .flatMap(({ objects }) => objects as unknown as readonly Fields[]);
  const proxies = pods.flatMap((pod) => proxyOf(pod, cluster));
  proxies.sort((a, b) => compareStrings(text(a['name']), text(b['name'])));
  return proxies.length === 0 ? undefined : { path: 'proxies.yaml', text: yamlText([proxies]) };
}

function proxyOf(pod: Fields, cluster: string): readonly Fields[] {
  const metadata = fields(pod['metadata']);
  const spec = fields(pod['spec']);
  const status = fields(pod['status']);
  // A sidecar that starts before the other containers is an init container that stays.
  const container = [...list(spec['containers']), ...list(spec['initContainers'])]
    .map(fields)
    .find(({ name }) => name === proxyContainer);
  const address = text(status['podIP']);
  if (container === undefined || address === '') return [];
  const [name, namespace] = [text(metadata['name']), text(metadata['namespace'])];
  const args = list(container['args']).map(String);
  const type = args.includes('router') ? 'router' : 'sidecar';
  const domain = args[args.indexOf('--domain') + 1];
  const dns =
    args.includes('--domain') && domain !== undefined
      ? domain.replaceAll('$(POD_NAMESPACE)', namespace)
      : `${namespace}.svc.cluster.local`;
  return [
    {
      name: `${name}.${namespace}`,
      id: `${type}~${address}~${name}.${namespace}~${dns}`,
      metadata: {
        NAMESPACE: namespace,
        ISTIO_VERSION: versionOf(container),
        LABELS: fields(metadata['labels']),
        INSTANCE_IPS: list(status['podIPs'])
          .map((each) => text(fields(each)['ip']))
          .join(','),
        NODE_NAME: text(spec['nodeName']),
        SERVICE_ACCOUNT: text(spec['serviceAccountName']),
        ...ownMetadata(container),
        // The directory's own name for the cluster, whatever the mesh calls it.
        CLUSTER_ID: cluster,
      },
    },
  ];
}

/** What the environment says of the node, as far as it is written there and not taken from somewhere else. */
function ownMetadata(container: Fields): Fields {
  const entries = list(container['env']).flatMap((variable) => {
    const { name, value } = fields(variable);
    return typeof name === 'string' && name.startsWith(metadataPrefix) && typeof value === 'string'
      ? [[name.slice(metadataPrefix.length), value] as const]
      : [];
  });
  return Object.fromEntries(entries);
}

/** The version in the image's tag; the one that Pilotlight equals where the tag is none. */
function versionOf({ image }: Fields): string {
  return /:(\d+\.\d+\.\d+)/.exec(text(image))?.[1] ?? `${istioVersion.line}.0`;
}
