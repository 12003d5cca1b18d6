/** The decoders of the Kubernetes Node and Namespace, of which hardly more than the metadata is read. */
import type { Namespace, Node } from '../../kinds/kubernetes.js';
import { list, openObject } from '../composites.js';
import { mapped, type Decoder } from '../decoder.js';
import { string } from '../scalars.js';

interface NodeAddress {
  readonly type: string;
  readonly address: string;
}

interface NodeStatus {
  readonly addresses: readonly NodeAddress[];
}

const status = openObject<NodeStatus>({
  addresses: list(openObject<NodeAddress>({ type: string, address: string })),
});

/** Node of v1. */
export const node: Decoder<Node> = mapped(
  openObject<{ readonly status: NodeStatus }>({ status }),
  (document) => ({
    externalIPs: document.status.addresses
      .filter(({ type }) => type === 'ExternalIP')
      .map(({ address }) => address),
  }),
);

/** Namespace of v1. */
export const namespace: Decoder<Namespace> = mapped(openObject<object>({}), () => ({}));
