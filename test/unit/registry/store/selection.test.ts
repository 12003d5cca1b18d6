import { describe, expect, it } from 'vitest';
import type { Resolution, ServicePort } from '../../../../src/model/service.js';
import type { Workload } from '../../../../src/model/workload.js';
import { selectableWorkloads } from '../../../../src/registry/selectable-workloads.js';
import { selectedEndpoints } from '../../../../src/registry/selection.js';
import { entryService, kubernetesService, pod, viewOf, workloadEntry } from './values.js';

const app = { app: 'orders' };

function entry(resolution: Resolution, ports?: readonly ServicePort[]): ReturnType<typeof entryService> {
  return entryService('orders.internal', 'orders', {
    resolution,
    attributes: { labelSelectors: app },
    ...(ports === undefined ? {} : { ports }),
  });
}

function cluster(ports: readonly ServicePort[], labelSelectors = app): ReturnType<typeof kubernetesService> {
  return kubernetesService('orders', { ports, attributes: { labelSelectors } });
}

/** Address, port and service port of each endpoint. */
function briefly(...args: Parameters<typeof selectedEndpoints>): readonly string[] {
  return selectedEndpoints(...args).map(
    ({ addresses, port, servicePortName }) => `${addresses.join()}:${port} ${servicePortName}`,
  );
}

const http: ServicePort = { name: 'http', port: 80, protocol: 'HTTP' };

describe('selectedEndpoints of a ServiceEntry', () => {
  it('have everything that the workload has, and the number of the service port', () => {
    const workload = workloadEntry('orders-2', '192.0.2.42', {
      labels: app,
      endpointLabels: { ...app, 'topology.kubernetes.io/region': 'eu' },
      ports: { http: 9090 },
      serviceAccount: 'spiffe://cluster.local/ns/shop/sa/orders',
      network: 'n1',
      locality: 'eu/eu-a',
      weight: 4,
      tlsMode: 'istio',
      workloadName: 'orders',
      nodeName: 'node-1',
      hostName: 'orders-2',
      subDomain: 'orders',
    });
    expect(selectedEndpoints(entry('ClientSideLB'), 'Kubernetes', [workload])).toEqual([
      {
        addresses: ['192.0.2.42'],
        port: 9090,
        servicePortName: 'http',
        servicePortNumber: 80,
        labels: { ...app, 'topology.kubernetes.io/region': 'eu' },
        serviceAccount: 'spiffe://cluster.local/ns/shop/sa/orders',
        network: 'n1',
        locality: 'eu/eu-a',
        cluster: 'Kubernetes',
        weight: 4,
        tlsMode: 'istio',
        namespace: 'shop',
        workloadName: 'orders',
        hostName: 'orders-2',
        subDomain: 'orders',
        nodeName: 'node-1',
        health: 'unknown',
        provenance: workload.provenance,
      },
    ]);
  });

  it('are healthy for a Pod and at its first address only', () => {
    const item = pod('orders-a', '10.20.2.10', { labels: app, addresses: ['10.20.2.10', 'fd00::10'] });
    const [endpoint] = selectedEndpoints(entry('ClientSideLB'), 'Kubernetes', [item]);
    expect(endpoint).toMatchObject({ addresses: ['10.20.2.10'], health: 'healthy' });
  });

  it('are of workloads of any cluster whose augmented labels hold the selector', () => {
    const service = entryService('x', 'x', {
      attributes: { labelSelectors: { 'topology.istio.io/cluster': 'west' } },
    });
    const workloads = [
      pod('a', '10.0.0.1'),
      pod('b', '10.0.0.2', { cluster: 'west' }),
      workloadEntry('c', '10.0.0.3', { cluster: 'west' }),
    ];
    expect(briefly(service, 'Kubernetes', workloads)).toEqual(['10.0.0.2:8080 http', '10.0.0.3:8080 http']);
  });

  it('are of every workload when the selector is empty, and of none without a selector', () => {
    const workloads = [pod('a', '10.0.0.1'), workloadEntry('c', '10.0.0.3')];
    const empty = entryService('x', 'x', { attributes: { labelSelectors: {} } });
    expect(selectedEndpoints(empty, 'Kubernetes', workloads)).toHaveLength(2);
    expect(selectedEndpoints(entryService('x', 'x'), 'Kubernetes', workloads)).toEqual([]);
  });

  const named = workloadEntry('name', 'vm.example.com', { labels: app, dnsServiceEntryOnly: true });
  const unix = workloadEntry('unix', 'unix:///run/app.sock', {
    labels: app,
    dnsServiceEntryOnly: true,
    ports: { http: 9 },
  });
  const plain = workloadEntry('plain', '192.0.2.1', { labels: app });
  const nowhere = workloadEntry('nowhere', '', { labels: app, network: 'far' });
  it.each<[Resolution, readonly string[]]>([
    ['DNSLB', ['vm.example.com:80 http', '/run/app.sock:0 http', '192.0.2.1:80 http', ':80 http']],
    ['DNSRoundRobinLB', ['vm.example.com:80 http', '/run/app.sock:0 http', '192.0.2.1:80 http', ':80 http']],
    ['ClientSideLB', ['192.0.2.1:80 http', ':80 http']],
    ['Passthrough', ['192.0.2.1:80 http', ':80 http']],
    ['DynamicDNS', ['192.0.2.1:80 http', ':80 http']],
  ])('use host names and sockets only for resolution DNS: %s', (resolution, expected) => {
    expect(briefly(entry(resolution, [http]), 'Kubernetes', [named, unix, plain, nowhere])).toEqual(expected);
  });

  it('have no address when the workload has none', () => {
    const blank = workloadEntry('blank', '', { labels: app, addresses: [''] });
    for (const workload of [nowhere, blank]) {
      expect(selectedEndpoints(entry('ClientSideLB'), 'Kubernetes', [workload])[0]?.addresses).toEqual([]);
    }
  });

  it.each<[string, ServicePort, Workload['ports'], number]>([
    ['the workload’s port of the service port’s name', { ...http, targetPort: 8080 }, { http: 9090 }, 9090],
    [
      'the target port, when the workload has no such port',
      { ...http, targetPort: 8080 },
      { other: 9090 },
      8080,
    ],
    ['the target port, when the workload’s is 0', { ...http, targetPort: 8080 }, { http: 0 }, 8080],
    ['the service port, without a target port', http, {}, 80],
    [
      'the service port, for a port with the name of an object’s property',
      { ...http, name: 'constructor' },
      {},
      80,
    ],
  ])('go to %s', (_, port, ports, expected) => {
    const workload = workloadEntry('w', '192.0.2.1', { labels: app, ports });
    expect(selectedEndpoints(entry('ClientSideLB', [port]), 'Kubernetes', [workload])[0]?.port).toBe(
      expected,
    );
  });

  it('are in the order of workloads, each with all ports', () => {
    const ports: readonly ServicePort[] = [http, { name: 'tcp', port: 81, protocol: 'TCP' }];
    const workloads = [
      pod('a', '10.0.0.1', { labels: app }),
      workloadEntry('b', '10.0.0.2', { labels: app }),
    ];
    expect(briefly(entry('ClientSideLB', ports), 'Kubernetes', workloads)).toEqual([
      '10.0.0.1:80 http',
      '10.0.0.1:81 tcp',
      '10.0.0.2:80 http',
      '10.0.0.2:81 tcp',
    ]);
  });
});

describe('selectedEndpoints of a Kubernetes Service', () => {
  const vm = workloadEntry('vm', '192.0.2.61', { labels: app });

  it('are those of WorkloadEntries, without the number of the service port', () => {
    const [endpoint] = selectedEndpoints(cluster([http]), 'Kubernetes', [
      pod('p', '10.0.0.1', { labels: app }),
      vm,
    ]);
    expect(endpoint).toMatchObject({ addresses: ['192.0.2.61'], servicePortName: 'http', health: 'unknown' });
    expect(endpoint).not.toHaveProperty('servicePortNumber');
  });

  it.each<[string, Parameters<typeof kubernetesService>[1], Partial<Workload>]>([
    ['selects nothing', { attributes: { labelSelectors: {} } }, {}],
    ['has no selector', {}, {}],
    ['is headless', { resolution: 'Passthrough', attributes: { labelSelectors: app } }, {}],
    [
      'stands for an outside host',
      { resolution: 'Alias', meshExternal: true, attributes: { labelSelectors: app } },
      {},
    ],
    ['is of another cluster', { attributes: { labelSelectors: app } }, { cluster: 'west' }],
    [
      'meets an entry with a host name',
      { attributes: { labelSelectors: app } },
      { dnsServiceEntryOnly: true },
    ],
    [
      'meets an entry without labels',
      { attributes: { labelSelectors: app } },
      { labels: {}, endpointLabels: {} },
    ],
  ])('are none when it %s', (_, service, parts) => {
    const workload = workloadEntry('vm', '192.0.2.61', { labels: app, ...parts });
    expect(selectedEndpoints(kubernetesService('orders', service), 'Kubernetes', [workload])).toEqual([]);
  });

  it.each<[string, ServicePort, Workload['ports'], readonly string[]]>([
    ['its numeric target port', { ...http, targetPort: 8080 }, {}, ['192.0.2.61:8080 http']],
    [
      'the entry’s port of the service port’s name',
      { ...http, targetPort: 8080 },
      { http: 9090 },
      ['192.0.2.61:9090 http'],
    ],
    [
      'the entry’s port that the Service names',
      { ...http, targetPort: 'web' },
      { web: 9091, http: 1 },
      ['192.0.2.61:9091 http'],
    ],
    ['nowhere, when the entry lacks the named port', { ...http, targetPort: 'web' }, { http: 9090 }, []],
    ['its own number, without a target port', http, {}, ['192.0.2.61:80 http']],
  ])('go to %s', (_, port, ports, expected) => {
    const workload = workloadEntry('vm', '192.0.2.61', { labels: app, ports });
    expect(briefly(cluster([port]), 'Kubernetes', [workload])).toEqual(expected);
  });

  it('are in the order of ports, each with all entries', () => {
    const ports: readonly ServicePort[] = [http, { name: 'tcp', port: 81, protocol: 'TCP' }];
    const other = workloadEntry('wm', '192.0.2.62', { labels: app });
    expect(briefly(cluster(ports), 'Kubernetes', [vm, other])).toEqual([
      '192.0.2.61:80 http',
      '192.0.2.62:80 http',
      '192.0.2.61:81 tcp',
      '192.0.2.62:81 tcp',
    ]);
  });

  it('are all of the first port where two have one number', () => {
    const ports: readonly ServicePort[] = [
      { name: 'dns', port: 53, protocol: 'UDP', targetPort: 5353 },
      { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 5354 },
    ];
    expect(briefly(cluster(ports), 'Kubernetes', [vm])).toEqual([
      '192.0.2.61:5353 dns',
      '192.0.2.61:5353 dns',
    ]);
  });
});

describe('selectableWorkloads', () => {
  const selecting = entryService('x', 'x', { attributes: { labelSelectors: app } });

  it('are the ready ones by namespace: Pods, then entries, by name', () => {
    const kubernetes = viewOf('Kubernetes', 'Kubernetes', {
      workloads: [
        pod('b', '1'),
        pod('a', '2'),
        pod('c', '3', { ready: false }),
        pod('a', '4', { namespace: 'pay' }),
      ],
    });
    const external = viewOf('External', 'Kubernetes', {
      services: [selecting],
      workloads: [
        workloadEntry('z', '5'),
        workloadEntry('a', '6'),
        workloadEntry('y', '7', { ready: false }),
      ],
    });
    const names = [...selectableWorkloads([kubernetes, external], undefined)].map(([namespace, list]) => [
      namespace,
      list.map(({ kind, name }) => `${kind} ${name}`),
    ]);
    expect(names).toEqual([['shop', ['Pod a', 'Pod b', 'WorkloadEntry a', 'WorkloadEntry z']]]);
  });

  it('hold the same lists for namespaces in which nothing changed', () => {
    const external = (...workloads: readonly Workload[]) => viewOf('External', 'Kubernetes', { workloads });
    const shop = workloadEntry('a', '1');
    const pay = workloadEntry('b', '2', { namespace: 'pay' });
    const first = selectableWorkloads([external(shop, pay)], undefined);
    expect(selectableWorkloads([external(shop, pay)], first)).toBe(first);
    const second = selectableWorkloads(
      [external(shop, pay, workloadEntry('c', '3', { namespace: 'pay' }))],
      first,
    );
    expect(second.get('shop')).toBe(first.get('shop'));
    expect(second.get('pay')).toHaveLength(2);
  });
});
