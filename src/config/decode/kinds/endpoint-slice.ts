/** The decoder of the Kubernetes EndpointSlice. */
import type { EndpointSlice, EndpointSliceEndpoint } from '../../kinds/kubernetes.js';
import { kubernetesObject, list, openObject } from '../composites.js';
import { mapped, optional, unlessZero, type Decoder } from '../decoder.js';
import { boolean, kubernetesInteger, oneOfWords, string } from '../scalars.js';
import { documentFields, labels, protocol } from './common.js';

type Conditions = Pick<EndpointSliceEndpoint, 'ready' | 'serving' | 'terminating'>;
type TargetRef = NonNullable<EndpointSliceEndpoint['targetRef']>;

interface Endpoint extends Omit<EndpointSliceEndpoint, keyof Conditions> {
  readonly conditions: Conditions;
  readonly topology: Readonly<Record<string, string>>;
}

const rawEndpoint = kubernetesObject<Endpoint>(
  {
    addresses: list(string),
    conditions: kubernetesObject<Conditions>({
      ready: optional(boolean),
      serving: optional(boolean),
      terminating: optional(boolean),
    }),
    hostname: unlessZero(string),
    nodeName: unlessZero(string),
    targetRef: optional(openObject<TargetRef>({ kind: string, name: string, namespace: string })),
    topology: labels,
  },
  { ignored: ['deprecatedTopology', 'hints', 'zone'], required: ['addresses'] },
);

/** In v1beta1 the node may be named by a label of the topology instead of a field. */
const endpoint: Decoder<EndpointSliceEndpoint> = mapped(rawEndpoint, ({ conditions, topology, ...rest }) => {
  const nodeName = rest.nodeName ?? topology['kubernetes.io/hostname'];
  return { ...rest, ...conditions, ...(nodeName === undefined ? {} : { nodeName }) };
});

const port = kubernetesObject<EndpointSlice['ports'][number]>({
  name: string,
  port: kubernetesInteger,
  protocol,
  appProtocol: optional(string),
});

/** EndpointSlice of discovery.k8s.io/v1 and v1beta1; its fields stand beside the metadata. */
export const endpointSlice = kubernetesObject<EndpointSlice>(
  { addressType: oneOfWords('IPv4', 'IPv6', 'FQDN'), endpoints: list(endpoint), ports: list(port) },
  { ...documentFields, required: ['addressType'] },
);
