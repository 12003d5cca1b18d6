/** The decoder of the Kubernetes Pod. */
import type { ContainerPort, Pod } from '../../kinds/kubernetes.js';
import { list, openObject } from '../composites.js';
import { mapped, optional, type Decoder } from '../decoder.js';
import { boolean, kubernetesInteger, string } from '../scalars.js';
import { protocol } from './common.js';

const ports = list(
  openObject<ContainerPort>(
    { name: string, containerPort: kubernetesInteger, protocol },
    { required: ['containerPort'] },
  ),
);

type Container = Pod['containers'][number];
type InitContainer = Pod['initContainers'][number];
type Spec = Pick<
  Pod,
  | 'serviceAccountName'
  | 'nodeName'
  | 'hostname'
  | 'subdomain'
  | 'hostNetwork'
  | 'containers'
  | 'initContainers'
>;

const spec = openObject<Spec>({
  serviceAccountName: string,
  nodeName: string,
  hostname: string,
  subdomain: string,
  hostNetwork: boolean,
  containers: list(openObject<Container>({ name: string, ports })),
  initContainers: list(openObject<InitContainer>({ name: string, restartPolicy: optional(string), ports })),
});

interface Status {
  readonly phase: string;
  readonly podIP: string;
  readonly podIPs: readonly { readonly ip: string }[];
  readonly conditions: readonly { readonly type: string; readonly status: string }[];
}

const status = openObject<Status>({
  phase: string,
  podIP: string,
  podIPs: list(openObject<{ readonly ip: string }>({ ip: string })),
  conditions: list(
    openObject<{ readonly type: string; readonly status: string }>({ type: string, status: string }),
  ),
});

/** Pod of v1. Where only one of podIP and podIPs is given, the other follows from it, as the API server sees to. */
export const pod: Decoder<Pod> = mapped(
  openObject<{ readonly spec: Spec; readonly status: Status }>({ spec, status }),
  (document) => {
    const { phase, podIP, podIPs, conditions } = document.status;
    const addresses = podIPs.map(({ ip }) => ip);
    return {
      ...document.spec,
      phase,
      podIP: podIP === '' ? (addresses[0] ?? '') : podIP,
      podIPs: addresses.length === 0 && podIP !== '' ? [podIP] : addresses,
      ready: conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
    };
  },
);
