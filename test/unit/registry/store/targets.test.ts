import { describe, expect, it } from 'vitest';
import type { Proxy } from '../../../../src/model/proxy.js';
import type { Service, ServicePort } from '../../../../src/model/service.js';
import type { Workload } from '../../../../src/model/workload.js';
import { aggregate } from '../../../../src/registry/aggregate.js';
import { proxyLabels, serviceTargets, workloadLabels } from '../../../../src/registry/targets.js';
import type { AggregateView } from '../../../../src/registry/view.js';
import {
  endpoint,
  entryEndpoint,
  entryService,
  kubernetesService,
  pod,
  sidecar,
  viewOf,
  workloadEntry,
  type Holdings,
} from './values.js';

/** A mesh of one Kubernetes cluster, named Kubernetes, and ServiceEntries. */
function mesh(kubernetes: Holdings, external: Holdings = {}): AggregateView {
  return aggregate([
    viewOf('Kubernetes', 'Kubernetes', kubernetes),
    viewOf('External', 'Kubernetes', external),
  ]);
}

/** Targets in words: `service port > target port`. */
function targets(view: AggregateView, proxy: Proxy): readonly string[] {
  return serviceTargets(view, proxy).map(
    ({ service, port, targetPort }) => `${service.attributes.name} ${port.name} > ${targetPort}`,
  );
}

const labels = { app: 'a' };

function selecting(
  name: string,
  ports: readonly ServicePort[],
  parts: Parameters<typeof kubernetesService>[1] = {},
): Service {
  return kubernetesService(name, {
    ports,
    ...parts,
    attributes: { labelSelectors: labels, ...parts.attributes },
  });
}

function port(
  name: string,
  number: number,
  targetPort?: number | string,
  protocol: ServicePort['protocol'] = 'TCP',
): ServicePort {
  return { name, port: number, protocol, ...(targetPort === undefined ? {} : { targetPort }) };
}

describe('serviceTargets of a pod', () => {
  const item = pod('a-1', '10.20.0.1', {
    labels,
    ports: { web: 9000 },
    containerPorts: [
      { name: 'dns', port: 5353, protocol: 'UDP' },
      { name: 'dns', port: 5354, protocol: 'TCP' },
      { name: 'dns', port: 5355, protocol: 'SCTP' },
      { name: 'web', port: 9000, protocol: 'TCP' },
    ],
  });
  const proxy = sidecar('a-1', '10.20.0.1');

  it('are the ports of the services of its namespace that select it', () => {
    const services = [
      selecting('mine', [port('http', 80, 8080, 'HTTP')]),
      selecting('elsewhere', [port('http', 81, 8081)], { attributes: { namespace: 'pay' } }),
      selecting('other', [port('http', 82, 8082)], { attributes: { labelSelectors: { app: 'b' } } }),
      selecting('empty', [port('http', 83, 8083)], { attributes: { labelSelectors: {} } }),
      kubernetesService('none', { ports: [port('http', 84, 8084)] }),
      selecting('headless', [port('http', 85, 8085)], { resolution: 'Passthrough' }),
    ];
    expect(targets(mesh({ services, workloads: [item] }), proxy)).toEqual([
      'headless http > 8085',
      'mine http > 8080',
    ]);
  });

  it('are found while the pod is not ready', () => {
    const services = [selecting('mine', [port('http', 80, 8080)])];
    const unready = { ...item, ready: false };
    expect(targets(mesh({ services, workloads: [unready] }), proxy)).toEqual(['mine http > 8080']);
  });

  it.each<[string, ServicePort, readonly string[]]>([
    ['a number', port('http', 80, 8080), ['mine http > 8080']],
    ['the same number, when nothing is said', port('http', 80), ['mine http > 80']],
    ['a container’s port by name', port('http', 80, 'web'), ['mine http > 9000']],
    [
      'the one of its transport, of several with one name',
      port('dns', 53, 'dns', 'UDP'),
      ['mine dns > 5353'],
    ],
    [
      'the one of its transport, of several with one name',
      port('dns', 53, 'dns', 'TCP'),
      ['mine dns > 5354'],
    ],
    [
      'the one of its transport, of several with one name',
      { ...port('dns', 53, 'dns'), transport: 'SCTP' },
      ['mine dns > 5355'],
    ],
    ['nothing, when no container has the name', port('http', 80, 'lacking'), []],
  ])('have as target port %s', (_, wanted, expected) => {
    expect(targets(mesh({ services: [selecting('mine', [wanted])], workloads: [item] }), proxy)).toEqual(
      expected,
    );
  });

  it('have as target port the workload’s by name, where no container ports are known', () => {
    const plain = pod('a-1', '10.20.0.1', { labels, ports: { web: 9001 } });
    const services = [selecting('mine', [port('http', 80, 'web')])];
    expect(targets(mesh({ services, workloads: [plain] }), proxy)).toEqual(['mine http > 9001']);
  });

  it('have of several ports with one target port and protocol only the first', () => {
    const ports = [
      port('http-a', 90, 9000, 'HTTP'),
      port('http-b', 91, 9000, 'HTTP'),
      port('tcp', 92, 9000),
      port('udp', 93, 9000, 'UDP'),
    ];
    expect(targets(mesh({ services: [selecting('mine', ports)], workloads: [item] }), proxy)).toEqual([
      'mine http-a > 9000',
      'mine tcp > 9000',
      'mine udp > 9000',
    ]);
  });

  it('are sorted by age and then host of their services, ports as they are', () => {
    const services = [
      selecting('b', [port('y', 2), port('x', 1)], { creationTime: 5 }),
      selecting('a', [port('x', 1)], { creationTime: 5 }),
      selecting('old', [port('x', 1)], { creationTime: 4 }),
    ];
    expect(targets(mesh({ services, workloads: [item] }), proxy)).toEqual([
      'old x > 1',
      'a x > 1',
      'b y > 2',
      'b x > 1',
    ]);
  });

  it('are those of endpoints written down for its address, when no service selects it', () => {
    const headless = kubernetesService('h', { ports: [port('http', 80), port('tcp', 90)] });
    const holdings: Holdings = {
      services: [headless],
      workloads: [item],
      endpoints: [
        [
          headless,
          [
            endpoint('10.20.0.1'),
            endpoint('10.20.0.1', { servicePortName: 'tcp', port: 9090 }),
            endpoint('10.20.0.2'),
            endpoint('10.20.0.1', { servicePortName: 'gone' }),
          ],
        ],
      ],
    };
    expect(targets(mesh(holdings), proxy)).toEqual(['h http > 8080', 'h tcp > 9090']);
    const withSelecting = { ...holdings, services: [headless, selecting('mine', [port('http', 80, 8080)])] };
    expect(targets(mesh(withSelecting), proxy)).toEqual(['mine http > 8080']);
  });

  it.each<[string, Partial<Proxy>]>([
    ['the namespace of its name is not that of its metadata', { metadata: { NAMESPACE: 'pay' } }],
    ['its metadata names no namespace', { metadata: {} }],
    ['its name has no namespace', { name: 'a-1' }],
  ])('are those of no pod when %s', (_, parts) => {
    const services = [selecting('mine', [port('http', 80, 8080)])];
    expect(targets(mesh({ services, workloads: [item] }), sidecar('a-1', '10.20.0.1', parts))).toEqual([]);
  });
});

describe('serviceTargets of several clusters', () => {
  const item = pod('a-1', '10.20.0.1', { labels });
  const view = aggregate(
    ['east', 'west'].map((cluster, index) =>
      viewOf('Kubernetes', cluster, {
        services: [selecting('mine', [port('http', 80, 8000 + index)])],
        workloads: [{ ...item, cluster }],
      }),
    ),
  );

  it.each([
    ['west', ['mine http > 8001']],
    ['north', []],
    ['', ['mine http > 8000', 'mine http > 8001']],
  ])('are of the proxy’s cluster, %j', (clusterId, expected) => {
    expect(targets(view, sidecar('a-1', '10.20.0.1', { clusterId }))).toEqual(expected);
  });

  it('are of every other registry whatever the cluster', () => {
    const service = entryService('x.internal', 'x');
    const external = viewOf('External', 'Kubernetes', {
      services: [service],
      endpoints: [[service, [entryEndpoint('10.20.0.1')]]],
    });
    expect(targets(aggregate([external]), sidecar('a-1', '10.20.0.1', { clusterId: 'north' }))).toEqual([
      'x.internal http > 8080',
    ]);
  });
});

describe('serviceTargets of a proxy at a WorkloadEntry', () => {
  const ports = [port('http', 80, 8080, 'HTTP'), port('named', 81, 'web'), port('udp', 82, 8082, 'UDP')];
  const entry = (name: string, parts: Partial<Workload> = {}) =>
    workloadEntry(name, '192.0.2.1', { labels, ...parts });
  const services = [
    selecting('mine', ports),
    selecting('headless', ports, { resolution: 'Passthrough' }),
    selecting('of-b', [port('http', 80, 8081)], { attributes: { labelSelectors: { app: 'b' } } }),
    selecting('in-pay', [port('http', 80, 8083)], { attributes: { namespace: 'pay' } }),
  ];
  const proxy = sidecar('vm', '192.0.2.1');

  it('are non-UDP ports of services with an address of their own, by the rules of its selection', () => {
    expect(targets(mesh({ services }, { workloads: [entry('vm')] }), proxy)).toEqual(['mine http > 8080']);
    const withPorts = entry('vm', { ports: { http: 7000, web: 7001 } });
    expect(targets(mesh({ services }, { workloads: [withPorts] }), proxy)).toEqual([
      'mine http > 7000',
      'mine named > 7001',
    ]);
  });

  it('are by labels of its place too', () => {
    const regional = selecting('regional', [port('http', 80, 8080)], {
      attributes: { labelSelectors: { region: 'eu' } },
    });
    const placed = entry('vm', { endpointLabels: { ...labels, region: 'eu' } });
    expect(targets(mesh({ services: [regional] }, { workloads: [placed] }), proxy)).toEqual([
      'regional http > 8080',
    ]);
  });

  it('hide those of its pod, even when there are none', () => {
    const holdings: Holdings = { services, workloads: [pod('vm', '192.0.2.1', { labels })] };
    expect(targets(mesh(holdings, { workloads: [entry('e', { labels: { app: 'c' } })] }), proxy)).toEqual([]);
  });

  const another = entry('aa', { labels: { app: 'b' } });
  const payEntry = entry('pp', { namespace: 'pay' });
  it.each<[string, readonly Workload[], Partial<Proxy>, readonly string[]]>([
    ['with its name', [another, entry('vm')], {}, ['mine http > 8080']],
    ['first in its namespace', [payEntry, another, entry('bb')], {}, ['of-b http > 8081']],
    ['first of all', [payEntry, another], { namespace: 'third', name: 'x.third' }, ['in-pay http > 8083']],
    ['alone, in another namespace', [payEntry], {}, ['in-pay http > 8083']],
    ['healthy', [entry('vm', { ready: false }), another], {}, ['of-b http > 8081']],
    ['of its cluster', [entry('vm', { cluster: 'west' }), another], {}, ['of-b http > 8081']],
  ])('are those of the entry that is %s', (_, workloads, parts, expected) => {
    expect(targets(mesh({ services }, { workloads }), sidecar('vm', '192.0.2.1', parts))).toEqual(expected);
  });

  it('are by the first of its addresses only', () => {
    const many = sidecar('vm', '192.0.2.9', { ipAddresses: ['192.0.2.9', '192.0.2.1'] });
    expect(targets(mesh({ services }, { workloads: [entry('vm')] }), many)).toEqual([]);
  });
});

describe('serviceTargets of a proxy whose pod is not known', () => {
  const services = [
    selecting('mine', [
      port('http', 80, 8080),
      port('named', 81, 'web'),
      port('dns', 53, 5353, 'UDP'),
      port('same', 90),
    ]),
    selecting('numeric', [port('http', 80, 8081)], { attributes: { labelSelectors: { app: 'n' } } }),
  ];
  const view = mesh({ services });
  const podPorts = (...list: readonly unknown[]) => ({
    metadata: { NAMESPACE: 'shop', POD_PORTS: JSON.stringify(list) },
  });

  it('are by the labels of its metadata, named target ports being 0', () => {
    expect(targets(view, sidecar('p', '10.20.0.9', { labels }))).toEqual([
      'mine http > 8080',
      'mine named > 0',
      'mine dns > 5353',
      'mine same > 90',
    ]);
    expect(targets(view, sidecar('p', '10.20.0.9'))).toEqual([]);
  });

  it('have named target ports by POD_PORTS', () => {
    const parts = podPorts({ name: 'web', containerPort: 9000, protocol: 'TCP' });
    expect(targets(view, sidecar('p', '10.20.0.9', { labels, ...parts }))).toContain('mine named > 9000');
  });

  it.each([
    ['lack', { name: 'other', containerPort: 9000, protocol: 'TCP' }],
    ['have with another transport only', { name: 'web', containerPort: 9000, protocol: 'UDP' }],
  ])('are none when POD_PORTS %s a named target port', (_, podPort) => {
    expect(targets(view, sidecar('p', '10.20.0.9', { labels, ...podPorts(podPort) }))).toEqual([]);
    const numeric = sidecar('p', '10.20.0.9', { labels: { app: 'n' }, ...podPorts(podPort) });
    expect(targets(view, numeric)).toEqual(['numeric http > 8081']);
  });

  it('are by the labels of its place too', () => {
    const regional = selecting('regional', [port('http', 80)], {
      attributes: { labelSelectors: { 'topology.istio.io/cluster': 'Kubernetes' } },
    });
    expect(targets(mesh({ services: [regional] }), sidecar('p', '10.20.0.9'))).toEqual([
      'regional http > 80',
    ]);
  });

  it('are in the namespace of the proxy, whatever its metadata', () => {
    expect(targets(view, sidecar('p', '10.20.0.9', { labels: { app: 'n' }, metadata: {} }))).toEqual([
      'numeric http > 8081',
    ]);
  });
});

describe('serviceTargets by ServiceEntry', () => {
  const ports = [port('http', 80, 8080, 'HTTP'), port('tcp', 90)];
  const own = entryService('a.internal', 'a', { ports, resolution: 'ClientSideLB' });
  const pay = entryService('b.internal', 'b', { attributes: { namespace: 'pay' } });
  const at = (address: string, name: string, number: number, target: number) =>
    entryEndpoint(address, { servicePortName: name, servicePortNumber: number, port: target });
  const view = mesh(
    {},
    {
      services: [own, pay],
      endpoints: [
        [
          own,
          [
            at('192.0.2.1', 'http', 80, 8080),
            at('192.0.2.1', 'tcp', 90, 90),
            at('192.0.2.2', 'http', 80, 8081),
          ],
        ],
        [pay, [at('192.0.2.1', 'http', 80, 81)]],
      ],
    },
  );

  it('are those with an endpoint at one of its addresses, in the namespace of its metadata', () => {
    expect(targets(view, sidecar('x', '192.0.2.1'))).toEqual([
      'a.internal http > 8080',
      'a.internal tcp > 90',
    ]);
    const many = sidecar('x', '192.0.2.9', { ipAddresses: ['192.0.2.9', '192.0.2.2'] });
    expect(targets(view, many)).toEqual(['a.internal http > 8081']);
  });

  it('are of every namespace when its metadata names none', () => {
    const proxy = sidecar('x', '192.0.2.1', { metadata: {} });
    expect(targets(view, proxy)).toEqual([
      'a.internal http > 8080',
      'a.internal tcp > 90',
      'b.internal http > 81',
    ]);
  });

  it('are those that select its pod or entry, beside those of Kubernetes', () => {
    const photos = entryService('photos.internal', 'photos', { attributes: { labelSelectors: labels } });
    const services = [selecting('mine', [port('api', 80, 8000)])];
    const external = {
      services: [photos],
      workloads: [workloadEntry('vm', '192.0.2.7', { labels, ports: { http: 9090 } })],
    };
    const both = mesh({ services, workloads: [pod('a-1', '10.20.0.1', { labels })] }, external);
    expect(targets(both, sidecar('a-1', '10.20.0.1'))).toEqual([
      'mine api > 8000',
      'photos.internal http > 8080',
    ]);
    expect(targets(both, sidecar('vm', '192.0.2.7'))).toEqual([
      'mine api > 8000',
      'photos.internal http > 9090',
    ]);
  });

  it('are once for each address of the entry, and once for equal endpoints', () => {
    const services = [0, 1].map((sequence) =>
      entryService('d.internal', 'd', { sequence, defaultAddress: `240.0.0.${sequence}` }),
    );
    const twice = [entryEndpoint('192.0.2.1'), entryEndpoint('192.0.2.1')];
    const many = mesh({}, { services, endpoints: services.map((item) => [item, twice]) });
    expect(
      serviceTargets(many, sidecar('x', '192.0.2.1')).map(({ service }) => service.defaultAddress),
    ).toEqual(['240.0.0.0', '240.0.0.1']);
  });

  it('do not have an endpoint that a host with DNS_ROUND_ROBIN has no place for', () => {
    const parts = { resolution: 'DNSRoundRobinLB' as const };
    const services = [entryService('rr', 'a', parts), entryService('rr', 'b', parts)];
    const endpoints = services.map((item, index) => [item, [entryEndpoint(`192.0.2.${index + 1}`)]] as const);
    expect(targets(mesh({}, { services, endpoints }), sidecar('x', '192.0.2.1'))).toHaveLength(1);
    expect(targets(mesh({}, { services, endpoints }), sidecar('x', '192.0.2.2'))).toEqual([]);
  });

  it('follow the view that they are asked of', () => {
    const store = { services: [own], endpoints: [[own, [at('192.0.2.5', 'http', 80, 8080)]]] } as const;
    const later = aggregate(
      [viewOf('Kubernetes', 'Kubernetes'), viewOf('External', 'Kubernetes', store)],
      view,
    );
    expect(targets(later, sidecar('x', '192.0.2.5'))).toEqual(['a.internal http > 8080']);
    expect(targets(later, sidecar('x', '192.0.2.1'))).toEqual([]);
    expect(targets({ ...later }, sidecar('x', '192.0.2.5'))).toEqual(['a.internal http > 8080']);
  });
});

describe('workloadLabels', () => {
  const item = pod('a-1', '10.20.0.1', { labels, locality: 'eu/eu-a', network: 'n1', nodeName: 'node-1' });
  const service = entryService('x.internal', 'x');
  const external: Holdings = {
    services: [service],
    endpoints: [[service, [entryEndpoint('192.0.2.1', { labels: { app: 'vm' } })]]],
  };
  const view = mesh({ workloads: [item] }, external);
  const ofPod = {
    app: 'a',
    'topology.istio.io/cluster': 'Kubernetes',
    'topology.kubernetes.io/region': 'eu',
    'topology.kubernetes.io/zone': 'eu-a',
    'topology.istio.io/network': 'n1',
  };

  it.each<[string, Proxy, Record<string, string> | undefined]>([
    ['of its pod, with those of its place', sidecar('a-1', '10.20.0.1'), ofPod],
    [
      'of its pod, with the node that it names',
      sidecar('a-1', '10.20.0.1', { nodeName: 'n' }),
      { ...ofPod, 'kubernetes.io/hostname': 'n' },
    ],
    ['of its pod, when it names no cluster', sidecar('a-1', '10.20.0.1', { clusterId: '' }), ofPod],
    ['of the ServiceEntry endpoint at its address', sidecar('vm', '192.0.2.1'), { app: 'vm' }],
    ['unknown in another cluster', sidecar('a-1', '10.20.0.1', { clusterId: 'west' }), undefined],
    [
      'unknown for an endpoint of another namespace',
      sidecar('vm', '192.0.2.1', { namespace: 'pay' }),
      undefined,
    ],
    ['unknown for one that nobody knows', sidecar('p', '10.20.0.9'), undefined],
  ])('are %s', (_, proxy, expected) => {
    expect(workloadLabels(view, proxy)).toEqual(expected);
  });
});

describe('proxyLabels', () => {
  it('are those of the workload over static ones, with the place of the proxy', () => {
    const view = mesh({ workloads: [pod('a-1', '10.20.0.1', { labels, locality: 'eu/eu-a' })] });
    const proxy = sidecar('a-1', '10.20.0.1', {
      labels: { app: 'ignored', only: 'metadata' },
      staticLabels: { app: 'static', team: 't' },
      network: 'n9',
      nodeName: 'node',
      locality: { region: 'us', zone: '', subZone: '' },
    });
    expect(proxyLabels(view, proxy)).toEqual({
      app: 'a',
      team: 't',
      'topology.istio.io/cluster': 'Kubernetes',
      'topology.istio.io/network': 'n9',
      'topology.kubernetes.io/region': 'eu',
      'topology.kubernetes.io/zone': 'eu-a',
      'kubernetes.io/hostname': 'node',
    });
  });

  it.each([
    ['the locality label', { 'istio-locality': 'eu.eu-b' }, 'eu', 'eu-b'],
    ['the node', {}, 'us', undefined],
  ])(
    'are those of the metadata when the workload is not known, with the place that %s names',
    (_, own, region, zone) => {
      const proxy = sidecar('p', '10.20.0.9', {
        labels: own,
        locality: { region: 'us', zone: '', subZone: '' },
      });
      const found = proxyLabels(mesh({}), proxy);
      expect(found['topology.kubernetes.io/region']).toBe(region);
      expect(found['topology.kubernetes.io/zone']).toBe(zone);
    },
  );
});
