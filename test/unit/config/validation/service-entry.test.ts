import { describe, expect, it } from 'vitest';
import type {
  ServiceEntry,
  ServiceEntryPort,
  WorkloadEntry,
} from '../../../../src/config/kinds/networking.js';
import { validateObject } from '../../../../src/config/validation/index.js';
import { inlineEndpoint } from '../../registry/object-builders.js';
import { describeRules, objectOf } from './rules.js';

const base: ServiceEntry = {
  hosts: ['api.example.com'],
  addresses: [],
  ports: [{ number: 80, name: 'http', protocol: 'HTTP' }],
  location: 'MESH_EXTERNAL',
  resolution: 'STATIC',
  endpoints: [],
  exportTo: [],
  subjectAltNames: [],
  statusAddresses: [],
};

function port(changes: Partial<ServiceEntryPort> = {}): ServiceEntryPort {
  return { number: 80, name: 'http', protocol: 'HTTP', ...changes };
}

function endpoint(changes: Partial<WorkloadEntry> = {}): WorkloadEntry {
  return inlineEndpoint('10.0.0.1', changes);
}

const twoHosts = ['a.example.com', 'b.example.com'];
const tls = port({ number: 443, name: 'tls', protocol: 'TLS' });
const tcp = port({ number: 9000, name: 'tcp', protocol: 'TCP' });

describeRules('ServiceEntry', base, [
  { rule: 'there is no host', broken: { hosts: [] }, finds: ['error spec.hosts'], fine: { hosts: ['a'] } },
  {
    rule: 'a host is "*"',
    broken: { hosts: ['*'] },
    finds: ['error spec.hosts[0]'],
    fine: { hosts: ['*.com'] },
  },
  {
    rule: 'a host is not a domain',
    broken: { hosts: ['api.example.com', 'api_v2.example.com'] },
    finds: ['error spec.hosts[1]'],
    says: '"api_v2.example.com"',
    fine: { hosts: ['api.example.com', 'api-v2.example.com.'] },
  },
  {
    rule: 'the last label of a host is all digits',
    broken: { hosts: ['api.2'] },
    finds: ['error spec.hosts[0]'],
    says: 'all digits',
    fine: { hosts: ['api.2a'] },
  },
  {
    rule: 'a label has 64 characters',
    broken: { hosts: [`${'a'.repeat(64)}.com`] },
    finds: ['error spec.hosts[0]'],
    fine: { hosts: [`${'a'.repeat(63)}.com`] },
  },
  {
    rule: 'a name has 256 characters',
    broken: { hosts: ['abc.'.repeat(64)] },
    finds: ['error spec.hosts[0]'],
    fine: { hosts: [`${'abc.'.repeat(63)}abc`] },
  },
  {
    rule: 'a label after the first has 64 characters',
    broken: { hosts: [`a.${'b'.repeat(64)}`] },
    finds: ['error spec.hosts[0]'],
    fine: { hosts: [`a.${'b'.repeat(63)}`] },
  },
  {
    rule: 'a label is empty',
    broken: { hosts: ['a..com'] },
    finds: ['error spec.hosts[0]'],
    fine: { hosts: ['a.b.com'] },
  },
  {
    rule: 'a wildcard is not first',
    broken: { hosts: ['a.*.com'] },
    finds: ['error spec.hosts[0]', 'warning spec.hosts[0]'],
    fine: { hosts: ['*.a.com'] },
  },
  {
    rule: 'a wildcard stands for a part of a label',
    broken: { hosts: ['*-a.example.com'] },
    finds: ['warning spec.hosts[0]'],
    fine: { hosts: ['*.example.com'] },
  },
  {
    rule: 'a wildcard stands for a part of a label where hosts are not looked up as they come',
    broken: { hosts: ['*a.example.com'] },
    finds: ['warning spec.hosts[0]'],
    fine: { hosts: ['*a.example.com'], resolution: 'DYNAMIC_DNS' },
  },
  {
    rule: 'there are both endpoints and a workload selector',
    broken: { endpoints: [endpoint()], workloadSelector: { labels: { app: 'a' } } },
    finds: ['error spec.endpoints'],
    fine: { workloadSelector: { labels: { app: 'a' } } },
  },
  {
    rule: 'a selector has an empty key',
    broken: { workloadSelector: { labels: { '': 'a' } } },
    finds: ['error spec.workloadSelector.labels[]'],
    fine: { workloadSelector: { labels: { a: '' } } },
  },
  {
    rule: 'a selector has a wildcard in a key or a value',
    broken: { workloadSelector: { labels: { 'a*': 'b', app: '*' } } },
    finds: ['error spec.workloadSelector.labels[a*]', 'error spec.workloadSelector.labels.app'],
    fine: { workloadSelector: { labels: { a: 'b', app: 'c' } } },
  },
  {
    rule: 'a selector has no labels',
    broken: { workloadSelector: { labels: {} } },
    finds: ['warning spec.workloadSelector.labels'],
    fine: { workloadSelector: { labels: { app: 'a' } } },
  },
  {
    rule: 'an address is none',
    broken: { addresses: ['10.0.0.300'] },
    finds: ['error spec.addresses[0]'],
    says: '"10.0.0.300"',
    fine: { addresses: ['10.0.0.30'] },
  },
  {
    rule: 'an address has leading zeros',
    broken: { addresses: ['10.0.0.01'] },
    finds: ['error spec.addresses[0]'],
    fine: { addresses: ['10.0.0.1'] },
  },
  {
    rule: 'a range is too long',
    broken: { addresses: ['10.0.0.0/33'] },
    finds: ['error spec.addresses[0]'],
    says: 'CIDR',
    fine: { addresses: ['10.0.0.0/32', '2001:db8::/64'] },
  },
  {
    rule: 'a range is divided twice',
    broken: { addresses: ['10.0.0.0/8/8'] },
    finds: ['error spec.addresses[0]'],
    fine: { addresses: ['10.0.0.0/8'] },
  },
  {
    rule: 'a range goes with a resolution by DNS',
    broken: { addresses: ['10.0.0.0/24'], resolution: 'DNS' },
    finds: ['error spec.addresses[0]'],
    says: 'NONE or STATIC, not DNS',
    fine: { addresses: ['10.0.0.0/24'], resolution: 'NONE' },
  },
  {
    rule: 'two ports have one name',
    broken: { ports: [port(), port({ number: 81 })] },
    finds: ['error spec.ports[1].name'],
    says: '"http"',
    fine: { ports: [port(), port({ number: 81, name: 'http-alt' })] },
  },
  {
    rule: 'two ports have one number',
    broken: { ports: [port(), port({ name: 'http-alt' })] },
    finds: ['error spec.ports[1].number'],
    fine: { ports: [port(), port({ number: 81, name: 'http-alt' })] },
  },
  {
    rule: 'a port number is out of range',
    broken: { ports: [port({ number: 70000 })] },
    finds: ['error spec.ports[0].number'],
    says: /^port 70000 is not in 1\.\.65535$/,
    fine: { ports: [port({ number: 65535 })] },
  },
  {
    rule: 'a port number is 0',
    broken: { ports: [port({ number: 0 })] },
    finds: ['error spec.ports[0].number'],
    fine: { ports: [port({ number: 1 })] },
  },
  {
    rule: 'a target port is out of range',
    broken: { ports: [port({ targetPort: 65536 })] },
    finds: ['error spec.ports[0].targetPort'],
    fine: { ports: [port({ targetPort: 0 })] },
  },
  {
    rule: 'a port has no name',
    broken: { ports: [port({ name: '' })] },
    finds: ['error spec.ports[0].name'],
    fine: { ports: [port({ name: 'h' })] },
  },
  {
    rule: 'the name of a port is not a label',
    broken: { ports: [port({ name: 'http.alt' })] },
    finds: ['error spec.ports[0].name'],
    fine: { ports: [port({ name: 'HTTP-alt' })] },
  },
  {
    rule: 'a protocol does not exist',
    broken: { ports: [port({ protocol: 'HTTP3' })] },
    finds: ['error spec.ports[0].protocol'],
    says: '"HTTP3"',
    fine: { ports: [port({ protocol: 'http2' })] },
  },
  {
    rule: 'a TCP port has no address where none is allocated',
    broken: { ports: [tcp], resolution: 'NONE' },
    finds: ['warning spec.ports[0]'],
    fine: { ports: [tcp], resolution: 'NONE', addresses: ['10.0.0.1'] },
  },
  {
    rule: 'a port without a protocol has no address where the object refuses one',
    broken: { ports: [port({ protocol: '' })] },
    finds: ['warning spec.ports[0]'],
    fine: { ports: [port({ protocol: 'Redis' })] },
    metadata: { labels: { 'networking.istio.io/enable-autoallocate-ip': 'False' } },
  },
  {
    rule: 'a TCP port has no address where the resolution forbids to allocate one',
    broken: { ports: [tcp], resolution: 'NONE' },
    finds: ['warning spec.ports[0]'],
    fine: { ports: [tcp] },
    metadata: { labels: { 'networking.istio.io/enable-autoallocate-ip': 'true' } },
  },
  {
    rule: 'several hosts share a port that does not tell them apart',
    broken: { hosts: twoHosts, ports: [port(), tcp] },
    finds: ['error spec.ports[1].protocol'],
    fine: { hosts: twoHosts, ports: [port(), tls] },
  },
  {
    rule: 'several hosts share a TCP port unless the resolution is NONE',
    broken: { hosts: twoHosts, ports: [tcp] },
    finds: ['error spec.ports[0].protocol'],
    fine: { hosts: twoHosts, ports: [tcp], resolution: 'NONE', addresses: ['10.0.0.1'] },
  },
  {
    rule: 'resolution NONE has endpoints',
    broken: { resolution: 'NONE', endpoints: [endpoint()] },
    finds: ['error spec.endpoints'],
    fine: { resolution: 'NONE' },
  },
  {
    rule: 'resolution NONE has a workload selector',
    broken: { resolution: 'NONE', workloadSelector: { labels: { app: 'a' } } },
    finds: ['warning spec.workloadSelector'],
    fine: { resolution: 'STATIC', workloadSelector: { labels: { app: 'a' } } },
  },
  {
    rule: 'a static endpoint is a name',
    broken: { endpoints: [endpoint({ address: 'api.example.com' })] },
    finds: ['error spec.endpoints[0].address'],
    says: 'STATIC',
    fine: { endpoints: [endpoint({ address: '::1' })] },
  },
  {
    rule: 'a static endpoint has no address',
    broken: { endpoints: [endpoint({ address: '' })] },
    finds: ['error spec.endpoints[0].address'],
    fine: { endpoints: [endpoint()] },
  },
  {
    rule: 'a static endpoint has only a network',
    broken: { endpoints: [endpoint({ address: '', network: 'east' })] },
    finds: ['warning spec.endpoints[0].address'],
    says: '"east"',
    fine: { endpoints: [endpoint({ network: 'east' })] },
  },
  {
    rule: 'an endpoint has a port that the entry has not',
    broken: { endpoints: [endpoint({ ports: { grpc: 8080 } })] },
    finds: ['error spec.endpoints[0].ports.grpc'],
    says: '"grpc"',
    fine: { endpoints: [endpoint({ ports: { http: 8080 } })] },
  },
  {
    rule: 'the port of an endpoint is out of range',
    broken: { endpoints: [endpoint({ ports: { http: 0 } })] },
    finds: ['error spec.endpoints[0].ports.http'],
    fine: { endpoints: [endpoint({ ports: { http: 1 } })] },
  },
  {
    rule: 'the labels of an endpoint are none',
    broken: { endpoints: [endpoint({ labels: { app: 'a b' } })] },
    finds: ['error spec.endpoints[0].labels.app'],
    fine: { endpoints: [endpoint({ labels: { app: 'a.b' } })] },
  },
  {
    rule: 'a socket stands for more than one port',
    broken: { ports: [port(), tls], endpoints: [endpoint({ address: 'unix:///run/api' })] },
    finds: ['error spec.endpoints[0]'],
    says: 'has 2',
    fine: { endpoints: [endpoint({ address: 'unix:///run/api' })] },
  },
  {
    rule: 'the path of a socket is relative',
    broken: { endpoints: [endpoint({ address: 'unix://run/api' })] },
    finds: ['error spec.endpoints[0].address'],
    fine: { endpoints: [endpoint({ address: 'unix://@run/api/' })] },
  },
  {
    rule: 'without endpoints a host cannot be looked up',
    broken: { resolution: 'DNS', hosts: ['*.example.com'] },
    finds: ['error spec.hosts[0]'],
    says: 'resolution DNS',
    fine: {
      resolution: 'DNS',
      hosts: ['*.example.com'],
      endpoints: [endpoint({ address: 'api.example.com' })],
    },
  },
  {
    rule: 'round robin has two endpoints',
    broken: { resolution: 'DNS_ROUND_ROBIN', endpoints: [endpoint(), endpoint()] },
    finds: ['error spec.endpoints'],
    fine: { resolution: 'DNS_ROUND_ROBIN', endpoints: [endpoint()] },
  },
  {
    rule: 'an endpoint of a DNS entry is neither a name nor an address',
    broken: { resolution: 'DNS', endpoints: [endpoint({ address: 'unix:///run/api' })] },
    finds: ['error spec.endpoints[0].address'],
    fine: { resolution: 'DNS', endpoints: [endpoint({ address: 'api.example.com' })] },
  },
  {
    rule: 'an endpoint of a DNS entry has wrong labels and ports',
    broken: {
      resolution: 'DNS',
      endpoints: [endpoint({ labels: { 'a b': 'c' }, ports: { grpc: 1, http: 65536 } })],
    },
    finds: [
      'error spec.endpoints[0].labels[a b]',
      'error spec.endpoints[0].ports.grpc',
      'error spec.endpoints[0].ports.http',
    ],
    fine: { resolution: 'DNS', endpoints: [endpoint({ labels: { 'a/b': 'c' }, ports: { http: 65535 } })] },
  },
  {
    rule: 'several hosts of a DNS entry share addresses and a TCP port',
    broken: { resolution: 'DNS', hosts: twoHosts, addresses: ['10.0.0.1'], ports: [tls] },
    finds: ['warning spec.hosts'],
    fine: { resolution: 'DNS', hosts: twoHosts, addresses: ['10.0.0.1'] },
  },
  {
    rule: 'several hosts of a DNS entry share a TCP port and have addresses',
    broken: { resolution: 'DNS', hosts: twoHosts, addresses: ['10.0.0.1'], ports: [tls] },
    finds: ['warning spec.hosts'],
    fine: { resolution: 'DNS', hosts: twoHosts, ports: [tls] },
  },
  {
    rule: 'several hosts of a DNS entry share addresses, a TCP port and are more than one',
    broken: { resolution: 'DNS', hosts: twoHosts, addresses: ['10.0.0.1'], ports: [tls] },
    finds: ['warning spec.hosts'],
    fine: { resolution: 'DNS', addresses: ['10.0.0.1'], ports: [tls] },
  },
  {
    rule: 'a dynamic host has no wildcard',
    broken: { resolution: 'DYNAMIC_DNS' },
    finds: ['error spec.hosts[0]'],
    fine: { resolution: 'DYNAMIC_DNS', hosts: ['*.example.com'] },
  },
  {
    rule: 'a dynamic entry has addresses',
    broken: { resolution: 'DYNAMIC_DNS', hosts: ['*.example.com'], addresses: ['10.0.0.1'] },
    finds: ['error spec.addresses'],
    fine: { resolution: 'DYNAMIC_DNS', hosts: ['*.example.com'] },
  },
  {
    rule: 'a dynamic entry has endpoints',
    broken: { resolution: 'DYNAMIC_DNS', hosts: ['*.example.com'], endpoints: [endpoint()] },
    finds: ['error spec.endpoints'],
    fine: { resolution: 'DYNAMIC_DNS', hosts: ['*.example.com'] },
  },
  {
    rule: 'a dynamic entry has another protocol than HTTP or TLS',
    broken: { resolution: 'DYNAMIC_DNS', hosts: ['*.example.com'], ports: [port({ protocol: 'HTTPS' })] },
    finds: ['error spec.ports[0].protocol'],
    fine: { resolution: 'DYNAMIC_DNS', hosts: ['*.example.com'], ports: [port({ protocol: 'grpc' }), tls] },
  },
  {
    rule: 'a dynamic entry of the mesh has a waypoint',
    broken: { resolution: 'DYNAMIC_DNS', hosts: ['*.example.com'], location: 'MESH_INTERNAL' },
    finds: ['error spec.location'],
    says: '"gate"',
    fine: { resolution: 'DYNAMIC_DNS', hosts: ['*.example.com'], location: 'MESH_EXTERNAL' },
    metadata: { labels: { 'istio.io/use-waypoint': 'gate' } },
  },
  {
    rule: 'exportTo names a namespace twice',
    broken: { exportTo: ['.', 'default'] },
    finds: ['error spec.exportTo[1]'],
    fine: { exportTo: ['.', 'media'] },
  },
  {
    rule: 'exportTo names no namespace',
    broken: { exportTo: ['media.pay'] },
    finds: ['error spec.exportTo[0]'],
    says: '"media.pay" is not a namespace',
    fine: { exportTo: ['media', 'pay'] },
  },
  {
    rule: 'exportTo has "*" among others',
    broken: { exportTo: ['*', 'media'] },
    finds: ['error spec.exportTo'],
    fine: { exportTo: ['*'] },
  },
  {
    rule: 'exportTo has "~" among others',
    broken: { exportTo: ['media', '~'] },
    finds: ['error spec.exportTo'],
    fine: { exportTo: ['~'] },
  },
]);

describe('ServiceEntry', () => {
  it.each(['', 'none', 'None'])(
    'lets a dynamic entry of the mesh have the waypoint "%s", which is none',
    (waypoint) => {
      const spec: ServiceEntry = {
        ...base,
        resolution: 'DYNAMIC_DNS',
        hosts: ['*.example.com'],
        location: 'MESH_INTERNAL',
      };
      const metadata = { labels: { 'istio.io/use-waypoint': waypoint } };
      expect(validateObject(objectOf('ServiceEntry', spec, metadata))).toEqual([]);
    },
  );
});
