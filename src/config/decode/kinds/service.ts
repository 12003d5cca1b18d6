/** The decoder of the Kubernetes Service. */
import type { KubernetesService, KubernetesServicePort } from '../../kinds/kubernetes.js';
import { kubernetesObject, list, openObject } from '../composites.js';
import { mapped, optional, unlessZero, type Decoder } from '../decoder.js';
import { boolean, intOrString, kubernetesInteger, oneOfWords, string } from '../scalars.js';
import { documentFields, labels, protocol } from './common.js';

const port = kubernetesObject<KubernetesServicePort>(
  {
    name: string,
    port: kubernetesInteger,
    protocol,
    appProtocol: optional(string),
    targetPort: unlessZero(intOrString),
    nodePort: unlessZero(kubernetesInteger),
  },
  { required: ['port'] },
);

const spec = kubernetesObject<Omit<KubernetesService, 'loadBalancerIngress'>>(
  {
    type: oneOfWords('ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'),
    clusterIP: string,
    clusterIPs: list(string),
    externalName: string,
    externalIPs: list(string),
    ports: list(port),
    selector: unlessZero(labels),
    internalTrafficPolicy: optional(oneOfWords('Cluster', 'Local')),
    trafficDistribution: optional(string),
    publishNotReadyAddresses: boolean,
  },
  {
    ignored: [
      'allocateLoadBalancerNodePorts',
      'externalTrafficPolicy',
      'healthCheckNodePort',
      'ipFamilies',
      'ipFamily',
      'ipFamilyPolicy',
      'loadBalancerClass',
      'loadBalancerIP',
      'loadBalancerSourceRanges',
      'sessionAffinity',
      'sessionAffinityConfig',
      'topologyKeys',
    ],
  },
);

type Ingress = KubernetesService['loadBalancerIngress'][number];

const status = openObject<{ readonly loadBalancer: { readonly ingress: readonly Ingress[] } }>({
  loadBalancer: openObject<{ readonly ingress: readonly Ingress[] }>({
    ingress: list(openObject<Ingress>({ ip: unlessZero(string), hostname: unlessZero(string) })),
  }),
});

/** Service of v1. */
export const service: Decoder<KubernetesService> = mapped(
  kubernetesObject<{
    readonly spec: Omit<KubernetesService, 'loadBalancerIngress'>;
    readonly status: (typeof status)['zero'];
  }>({ spec, status }, documentFields),
  (document) => ({ ...document.spec, loadBalancerIngress: document.status.loadBalancer.ingress }),
);
