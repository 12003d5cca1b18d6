import type {
  EndpointSlice,
  KubernetesService,
  KubernetesServicePort,
  Pod,
} from '../../../../src/config/kinds/kubernetes.js';
import { describeRules } from './rules.js';

const service: KubernetesService = {
  type: 'ClusterIP',
  clusterIP: '10.96.0.1',
  clusterIPs: ['10.96.0.1'],
  externalName: '',
  externalIPs: [],
  ports: [{ name: '', port: 80, protocol: 'TCP' }],
  publishNotReadyAddresses: false,
  loadBalancerIngress: [],
};

function port(changes: Partial<KubernetesServicePort>): Partial<KubernetesService> {
  return { ports: [{ name: '', port: 80, protocol: 'TCP', ...changes }] };
}

describeRules('Service', service, [
  {
    rule: 'a port is out of range',
    broken: port({ port: 0 }),
    finds: ['error spec.ports[0].port'],
    says: 'port 0 is not in 1..65535',
    fine: port({ port: 1 }),
  },
  {
    rule: 'a target port is out of range',
    broken: port({ targetPort: 65536 }),
    finds: ['error spec.ports[0].targetPort'],
    fine: port({ targetPort: 'http' }),
  },
  {
    rule: 'a node port is out of range',
    broken: port({ nodePort: 65536 }),
    finds: ['error spec.ports[0].nodePort'],
    fine: port({ nodePort: 0 }),
  },
  {
    rule: 'the cluster IP is none',
    broken: { clusterIP: 'none', clusterIPs: ['10.96.0.1', '::g'] },
    finds: ['error spec.clusterIP', 'error spec.clusterIPs[1]'],
    fine: { clusterIP: 'None', clusterIPs: ['None'] },
  },
]);

const slice: EndpointSlice = {
  addressType: 'IPv4',
  endpoints: [{ addresses: ['10.0.0.1'] }],
  ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
};

describeRules('EndpointSlice', slice, [
  {
    rule: 'a port is out of range',
    broken: { ports: [{ name: '', port: 65536, protocol: 'TCP' }] },
    finds: ['error ports[0].port'],
    fine: { ports: [{ name: '', port: 0, protocol: 'TCP' }] },
  },
  {
    rule: 'an address is of another family',
    broken: { endpoints: [{ addresses: ['10.0.0.1'] }, { addresses: ['10.0.0.2', '::1'] }] },
    finds: ['error endpoints[1].addresses[1]'],
    says: '"::1" is not an IPv4 address',
    fine: { addressType: 'IPv6', endpoints: [{ addresses: ['::1'] }] },
  },
  {
    rule: 'an address is a name',
    broken: { endpoints: [{ addresses: ['a.com'] }] },
    finds: ['error endpoints[0].addresses[0]'],
    fine: { addressType: 'FQDN', endpoints: [{ addresses: ['a.com'] }] },
  },
]);

const pod: Pod = {
  serviceAccountName: '',
  nodeName: '',
  hostname: '',
  subdomain: '',
  hostNetwork: false,
  containers: [],
  initContainers: [],
  phase: 'Running',
  podIP: '10.0.0.1',
  podIPs: ['10.0.0.1'],
  ready: true,
};

function containerPort(
  number: number,
): { readonly name: string; readonly ports: Pod['containers'][number]['ports'] }[] {
  return [{ name: 'a', ports: [{ name: '', containerPort: number, protocol: 'TCP' }] }];
}

describeRules('Pod', pod, [
  {
    rule: 'a port of a container is out of range',
    broken: { containers: containerPort(0) },
    finds: ['error spec.containers[0].ports[0].containerPort'],
    fine: { containers: containerPort(1) },
  },
  {
    rule: 'a port of an init container is out of range',
    broken: { initContainers: containerPort(65536) },
    finds: ['error spec.initContainers[0].ports[0].containerPort'],
    fine: { initContainers: containerPort(65535) },
  },
  {
    rule: 'an address is none',
    broken: { podIPs: ['10.0.0.1', '10.0.0'] },
    finds: ['error status.podIPs[1].ip'],
    fine: { podIPs: ['10.0.0.1', '::1'] },
  },
]);
