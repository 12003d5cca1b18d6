import { describe, expect, test } from 'vitest';
import { parseDuration } from '../../../src/config/decode/duration.js';
import { undatedIstioTime } from '../../../src/config/decode/kinds.js';
import { objectOf, problemsOf, stateOf } from './documents.js';

function ruleWith(policy: string): string {
  return `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: shop}
spec: {host: web, trafficPolicy: ${policy}}
`;
}

async function policyOf(policy: string): Promise<unknown> {
  return (await objectOf('DestinationRule', ruleWith(policy))).spec.trafficPolicy;
}

describe('durations', () => {
  test.each([
    ['10s', 10_000],
    ['1.5s', 1500],
    ['100ms', 100],
    ['1h30m', 5_400_000],
    ['.5s', 500],
    ['1.s', 1000],
    ['250us', 0.25],
    ['0.1s0.2s', 300],
    ['-2s', -2000],
    ['0', 0],
  ])('%s', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  test.each(['', '10', 's', '1 s', '1d', '1s ', '-', '1s-1s', '1.2.3s'])('"%s" is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe('proto JSON', () => {
  test('names may be in snake_case', async () => {
    expect(
      await policyOf('{outlier_detection: {consecutive_5xx_errors: 3, base_ejection_time: 30s}}'),
    ).toEqual({
      outlierDetection: { consecutive5xxErrors: 3, baseEjectionTime: 30_000 },
    });
  });

  test('enumerations are names or numbers, integers are numbers or text', async () => {
    expect(
      await policyOf('{loadBalancer: {simple: 4}, connectionPool: {tcp: {maxConnections: "7"}}}'),
    ).toEqual({
      loadBalancer: { simple: 'ROUND_ROBIN' },
      connectionPool: { tcp: { maxConnections: 7 } },
    });
  });

  test('null counts as absent, and so does zero where proto cannot tell the two apart', async () => {
    expect(
      await policyOf('{tls: null, connectionPool: {tcp: {maxConnections: 0, connectTimeout: 1s}}}'),
    ).toEqual({
      connectionPool: { tcp: { connectTimeout: 1000 } },
    });
  });

  test('zero of a wrapper and of a oneof is kept', async () => {
    expect(
      await policyOf('{outlierDetection: {consecutive5xxErrors: 0}, loadBalancer: {simple: UNSPECIFIED}}'),
    ).toEqual({
      outlierDetection: { consecutive5xxErrors: 0 },
      loadBalancer: { simple: 'UNSPECIFIED' },
    });
  });

  test('an empty message is there', async () => {
    expect(await policyOf('{connectionPool: {tcp: {}}, tls: {}}')).toEqual({
      connectionPool: { tcp: {} },
      tls: { mode: 'DISABLE' },
    });
  });

  test('selectors of ports are numbers', async () => {
    expect(await policyOf('{portLevelSettings: [{port: {number: 80}, tls: {mode: SIMPLE}}]}')).toEqual({
      portLevelSettings: [{ port: 80, tls: { mode: 'SIMPLE' } }],
    });
  });
});

describe('VirtualService', () => {
  async function routeOf(route: string): Promise<unknown> {
    const text = `apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec: {hosts: [web], http: [${route}]}
`;
    return (await objectOf('VirtualService', text)).spec.http[0];
  }

  test('matches are told apart by their way of matching; a header without one is matched by its presence', async () => {
    expect(
      await routeOf(
        '{match: [{uri: {prefix: /a}, method: {exact: GET}, headers: {x-a: {regex: b+}, x-b: {}, x-c: null}}], route: [{destination: {host: web}}]}',
      ),
    ).toEqual({
      match: [
        {
          uri: { prefix: '/a' },
          method: { exact: 'GET' },
          headers: { 'x-a': { regex: 'b+' }, 'x-b': undefined, 'x-c': undefined },
        },
      ],
      route: [{ destination: { host: 'web' } }],
    });
  });

  test('percentages are numbers', async () => {
    expect(
      await routeOf(
        '{route: [{destination: {host: web, port: {number: 80}}}], fault: {abort: {httpStatus: 503, percentage: {value: 12.5}}}, mirrorPercentage: {}}',
      ),
    ).toEqual({
      route: [{ destination: { host: 'web', port: { number: 80 } } }],
      fault: { abort: { httpStatus: 503, percentage: 12.5 } },
      mirrorPercentage: 0,
    });
  });

  test('a body of bytes has to be base64', async () => {
    expect(await routeOf('{directResponse: {status: 200, body: {bytes: aGk=}}}')).toEqual({
      directResponse: { status: 200, body: { bytes: 'aGk=' } },
    });
    const problems = await problemsOf(`apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web}
spec: {hosts: [web], http: [{directResponse: {status: 200, body: {bytes: "h i"}}}]}
`);
    expect(problems).toEqual([expect.objectContaining({ path: 'spec.http[0].directResponse.body.bytes' })]);
  });
});

describe('versions', () => {
  test.each(['v1', 'v1beta1', 'v1alpha3'])('networking.istio.io/%s', async (version) => {
    const object = await objectOf(
      'Sidecar',
      `apiVersion: networking.istio.io/${version}\nkind: Sidecar\nmetadata: {name: a}\nspec: {egress: [{hosts: ["./*"]}]}\n`,
    );
    expect(object.apiVersion).toBe(`networking.istio.io/${version}`);
    expect(object.spec.egress).toEqual([{ bind: '', captureMode: 'DEFAULT', hosts: ['./*'] }]);
  });

  test.each(['v1', 'v1beta1'])('security.istio.io/%s', async (version) => {
    const object = await objectOf(
      'PeerAuthentication',
      `apiVersion: security.istio.io/${version}\nkind: PeerAuthentication\nmetadata: {name: a}\nspec: {selector: {matchLabels: {app: a}}, mtls: {mode: STRICT}, portLevelMtls: {9000: {mode: DISABLE}}}\n`,
    );
    expect(object.spec).toEqual({
      selector: { matchLabels: { app: 'a' } },
      mtls: { mode: 'STRICT' },
      portLevelMtls: { 9000: { mode: 'DISABLE' } },
    });
  });

  test('discovery.k8s.io/v1beta1, where the topology may name the node', async () => {
    const object = await objectOf(
      'EndpointSlice',
      `apiVersion: discovery.k8s.io/v1beta1
kind: EndpointSlice
metadata: {name: a}
addressType: IPv4
endpoints: [{addresses: [10.0.0.1], conditions: {ready: false}, topology: {kubernetes.io/hostname: n1}}]
ports: [{port: 80}]
`,
    );
    expect(object.spec).toEqual({
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.0.0.1'], ready: false, nodeName: 'n1' }],
      ports: [{ name: '', port: 80, protocol: 'TCP' }],
    });
  });
});

describe('what status says', () => {
  test('addresses that were allocated to a ServiceEntry', async () => {
    const object = await objectOf(
      'ServiceEntry',
      `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a}
spec: {hosts: [a.example.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}
status: {addresses: [{value: 240.240.0.1, host: a.example.com}], conditions: []}
`,
    );
    expect(object.spec.statusAddresses).toEqual([{ value: '240.240.0.1', host: 'a.example.com' }]);
  });

  test.each([
    ['{conditions: [{type: Healthy, status: "True"}]}', true],
    ['{conditions: [{type: Healthy, status: "False"}]}', false],
    ['{conditions: [{type: Other, status: "True"}]}', undefined],
    ['{}', undefined],
  ])('health of a WorkloadEntry with status %s', async (status, healthy) => {
    const object = await objectOf(
      'WorkloadEntry',
      `apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata: {name: a}\nspec: {address: 10.0.0.1}\nstatus: ${status}\n`,
    );
    expect(object.spec.healthy).toBe(healthy);
  });

  test('addresses and readiness of a Pod', async () => {
    const object = await objectOf(
      'Pod',
      `apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  serviceAccountName: web
  containers: [{name: c, ports: [{containerPort: 80}]}]
  initContainers: [{name: i, restartPolicy: Always}]
status: {phase: Running, podIP: 10.0.0.1, conditions: [{type: Ready, status: "True"}]}
`,
    );
    expect(object.spec).toEqual({
      serviceAccountName: 'web',
      nodeName: '',
      hostname: '',
      subdomain: '',
      hostNetwork: false,
      containers: [{ name: 'c', ports: [{ name: '', containerPort: 80, protocol: 'TCP' }] }],
      initContainers: [{ name: 'i', restartPolicy: 'Always', ports: [] }],
      phase: 'Running',
      podIP: '10.0.0.1',
      podIPs: ['10.0.0.1'],
      ready: true,
    });
  });

  test('external addresses of a Service and of a Node', async () => {
    const service = await objectOf(
      'Service',
      `apiVersion: v1
kind: Service
metadata: {name: a}
spec: {type: LoadBalancer, clusterIP: 10.0.0.1, selector: {}, ports: [{port: 80, targetPort: web, nodePort: 30000}, {port: 81, targetPort: 8081}]}
status: {loadBalancer: {ingress: [{ip: 1.2.3.4, ipMode: VIP}, {hostname: lb.example.com}]}}
`,
    );
    expect(service.spec).toEqual({
      type: 'LoadBalancer',
      clusterIP: '10.0.0.1',
      clusterIPs: [],
      externalName: '',
      externalIPs: [],
      publishNotReadyAddresses: false,
      ports: [
        { name: '', port: 80, protocol: 'TCP', targetPort: 'web', nodePort: 30_000 },
        { name: '', port: 81, protocol: 'TCP', targetPort: 8081 },
      ],
      loadBalancerIngress: [{ ip: '1.2.3.4' }, { hostname: 'lb.example.com' }],
    });
    const node = await objectOf(
      'Node',
      'apiVersion: v1\nkind: Node\nmetadata: {name: a}\nstatus: {addresses: [{type: InternalIP, address: 10.0.0.1}, {type: ExternalIP, address: 1.2.3.4}]}\n',
    );
    expect(node.spec).toEqual({ externalIPs: ['1.2.3.4'] });
  });
});

describe('metadata', () => {
  test('is kept as far as it matters', async () => {
    const object = await objectOf(
      'Pod',
      `apiVersion: v1
kind: Pod
metadata:
  name: web-1
  namespace: shop
  generateName: web-
  labels: {app: web, empty: }
  annotations: {a: b}
  uid: "1"
  resourceVersion: "42"
  creationTimestamp: 2026-01-01T00:00:01.9Z
  deletionTimestamp: "2026-01-01T02:00:00+01:00"
  ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web, uid: x, controller: true}]
`,
    );
    expect(object.metadata).toEqual({
      name: 'web-1',
      namespace: 'shop',
      generateName: 'web-',
      labels: { app: 'web', empty: '' },
      annotations: { a: 'b' },
      resourceVersion: '42',
      creationTime: Date.UTC(2026, 0, 1, 0, 0, 1) / 1000,
      deletionTime: Date.UTC(2026, 0, 1, 1) / 1000,
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', controller: true }],
    });
    expect(object.origin).toEqual({ source: 'test', file: 'input.yaml', line: 1 });
  });

  test('the namespace is default where none is given, and none for kinds without namespaces', async () => {
    expect(
      (await objectOf('Pod', 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n')).metadata.namespace,
    ).toBe('default');
    expect(
      (await objectOf('Node', 'apiVersion: v1\nkind: Node\nmetadata: {name: a, namespace: b}\n')).metadata
        .namespace,
    ).toBe('');
  });

  test('an object of Kubernetes without a time is older than all, one of Istio younger than all', async () => {
    const pod = await objectOf(
      'Pod',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a, creationTimestamp: null}\n',
    );
    expect(pod.metadata.creationTime).toBe(0);
    const sidecar = await objectOf(
      'Sidecar',
      'apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: a}\nspec: {egress: [{hosts: ["*/*"]}]}\n',
    );
    expect(sidecar.metadata.creationTime).toBe(undatedIstioTime);
    expect(undatedIstioTime).toBeGreaterThan(Date.UTC(9000, 0, 1) / 1000);
  });
});

describe('Lists', () => {
  const pods =
    '- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n- {apiVersion: v1, kind: Pod, metadata: {name: b}}\n';

  test('count as their items, each on its own line', async () => {
    const state = await stateOf({ 'a.yaml': `apiVersion: v1\nkind: List\nitems:\n${pods}` });
    const objects = [...(state.clusters.get('Kubernetes')?.values() ?? [])];
    expect(objects.map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
  });

  test('of one kind need not name it in each item', async () => {
    const state = await stateOf({
      'a.yaml': 'apiVersion: v1\nkind: PodList\nitems: [{metadata: {name: a}}]\n',
    });
    expect([...(state.clusters.get('Kubernetes')?.keys() ?? [])]).toEqual(['Pod/default/a']);
  });

  test('may be empty', async () => {
    for (const items of ['[]', '']) {
      const state = await stateOf({ 'a.yaml': `apiVersion: v1\nkind: List\nitems: ${items}\n` });
      expect(state.problems).toEqual([]);
    }
  });

  test('one broken item does not take the others along', async () => {
    const state = await stateOf({
      'a.yaml': `apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod}\n${pods}`,
    });
    expect([...(state.clusters.get('Kubernetes')?.keys() ?? [])]).toEqual(['Pod/default/a', 'Pod/default/b']);
    expect(state.problems).toHaveLength(1);
  });
});

test('one broken document does not take the others of its file along', async () => {
  const pod = (name: string): string => `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\n`;
  const state = await stateOf({ 'a.yaml': `${pod('a')}---\nkind: [Pod\n---\n${pod('b')}` });
  expect([...(state.clusters.get('Kubernetes')?.keys() ?? [])]).toEqual(['Pod/default/a', 'Pod/default/b']);
  expect(state.problems).toEqual([expect.objectContaining({ severity: 'error', file: 'a.yaml' })]);
});
