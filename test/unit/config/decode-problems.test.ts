import { describe, expect, test } from 'vitest';
import { problemsOf, stateOf } from './documents.js';

const entry = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: pay, namespace: shop}
spec:
  hosts: [pay.example.com]
  location: MESH_EXTERNAL
  resolution: DNS
`;

const service = `apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
`;

const rule = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: shop}
spec:
  host: web
  trafficPolicy:
`;

/** What it is, the document, and where what is wrong. */
const broken: readonly (readonly [string, string, string, number, string])[] = [
  [
    'text where a number has to be',
    `${entry}  ports:\n  - {name: http, number: eighty}\n`,
    'spec.ports[0].number',
    9,
    'expected an integer, found the string "eighty"',
  ],
  [
    'a fraction where an integer has to be',
    `${entry}  ports:\n  - {name: http, number: 80.5}\n`,
    'spec.ports[0].number',
    9,
    'expected an integer, found the number 80.5',
  ],
  [
    'a number that is out of range',
    `${entry}  ports:\n  - {name: http, number: -1}\n`,
    'spec.ports[0].number',
    9,
    '-1 is not between 0 and 4294967295',
  ],
  [
    'an object where a list has to be',
    `${entry}  ports: {name: http}\n`,
    'spec.ports',
    8,
    'expected a list, found an object',
  ],
  [
    'text where an object has to be',
    `${entry}  workloadSelector: app\n`,
    'spec.workloadSelector',
    8,
    'expected an object, found the string "app"',
  ],
  [
    'a list that holds nothing',
    `${entry}  ports:\n  - \n`,
    'spec.ports[0]',
    9,
    'expected an object, found null',
  ],
  [
    'a word of YAML where text has to be',
    `${entry}  subjectAltNames: [ok, no]\n`,
    'spec.subjectAltNames[1]',
    8,
    'expected a string, found the boolean false; put it in quotes',
  ],
  [
    'a number where text has to be',
    `${entry}  exportTo: [1]\n`,
    'spec.exportTo[0]',
    8,
    'expected a string, found the number 1; put it in quotes',
  ],
  [
    'a misspelt value',
    `${rule}    loadBalancer: {simple: ROUNDROBIN}\n`,
    'spec.trafficPolicy.loadBalancer.simple',
    7,
    'found the string "ROUNDROBIN"; did you mean "ROUND_ROBIN"?',
  ],
  [
    'a number that no enumeration has',
    `${rule}    loadBalancer: {simple: 9}\n`,
    'spec.trafficPolicy.loadBalancer.simple',
    7,
    'found the number 9',
  ],
  [
    'a duration without a unit',
    `${rule}    outlierDetection:\n      interval: 10\n`,
    'spec.trafficPolicy.outlierDetection.interval',
    8,
    'expected a duration such as "10s" or "100ms", found the number 10',
  ],
  [
    'a duration in words',
    `${rule}    outlierDetection: {interval: 10 seconds}\n`,
    'spec.trafficPolicy.outlierDetection.interval',
    7,
    'found the string "10 seconds"',
  ],
  [
    'text where true or false has to be',
    `${rule}    outlierDetection: {splitExternalLocalOriginErrors: "true"}\n`,
    'spec.trafficPolicy.outlierDetection.splitExternalLocalOriginErrors',
    7,
    'expected true or false, found the string "true"',
  ],
  [
    'two members of a oneof',
    `${rule}    loadBalancer:\n      simple: RANDOM\n      consistentHash: {useSourceIp: true}\n`,
    'spec.trafficPolicy.loadBalancer.consistentHash',
    9,
    'cannot be given together with simple',
  ],
  [
    'text as a port of Kubernetes',
    `${service}  ports: [{port: "80"}]\n`,
    'spec.ports[0].port',
    5,
    'expected an integer, found the string "80"',
  ],
  ['a port without a number', `${service}  ports:\n  - name: http\n`, 'spec.ports[0].port', 6, 'is missing'],
  [
    'a target port of no type',
    `${service}  ports: [{port: 80, targetPort: [80]}]\n`,
    'spec.ports[0].targetPort',
    5,
    'expected a number or a name, found a list',
  ],
  [
    'a type that Services do not have',
    `${service}  type: ClusterIp\n`,
    'spec.type',
    5,
    'found the string "ClusterIp"; did you mean "ClusterIP"?',
  ],
  [
    'a label that is a number',
    'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  labels:\n    version: 1\n',
    'metadata.labels.version',
    6,
    'expected a string, found the number 1; put it in quotes',
  ],
  [
    'an annotation that is a list',
    'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  annotations:\n    example.com/x: [y]\n',
    'metadata.annotations[example.com/x]',
    6,
    'expected a string, found a list',
  ],
  ['no name', 'apiVersion: v1\nkind: Pod\nmetadata:\n  generateName: a-\n', 'metadata.name', 3, 'is missing'],
  ['no metadata', 'apiVersion: v1\nkind: Pod\nspec: {}\n', 'metadata.name', 1, 'is missing'],
  [
    'a name that cannot be one',
    'apiVersion: v1\nkind: Pod\nmetadata: {name: A/b}\n',
    'metadata.name',
    3,
    '"A/b" is not a name of lower-case letters, digits, "-" and "."',
  ],
  [
    'a namespace that cannot be one',
    'apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: b.c}\n',
    'metadata.namespace',
    3,
    '"b.c" is not a name of lower-case letters, digits and "-"',
  ],
  [
    'a time that is none',
    'apiVersion: v1\nkind: Pod\nmetadata: {name: a, creationTimestamp: 2026-02-30}\n',
    'metadata.creationTimestamp',
    3,
    'expected a time such as "2026-01-31T12:00:00Z"',
  ],
  ['no kind', 'apiVersion: v1\nmetadata: {name: a}\n', 'kind', 1, 'is missing'],
  ['no apiVersion', 'kind: Service\nmetadata: {name: a}\n', 'apiVersion', 1, 'is missing'],
  [
    'a misspelt kind of Istio',
    'apiVersion: networking.istio.io/v1\nkind: VirtualServices\n',
    'kind',
    2,
    'networking.istio.io/v1 has no kind "VirtualServices"; did you mean "VirtualService"?',
  ],
  [
    'a misspelt kind of Kubernetes',
    'apiVersion: v1\nkind: Servise\n',
    'kind',
    2,
    'v1 has no kind "Servise"; did you mean "Service"?',
  ],
  [
    'a version that does not exist',
    'apiVersion: networking.istio.io/v2\nkind: Gateway\n',
    'apiVersion',
    1,
    '"networking.istio.io/v2" does not exist',
  ],
  ['a document that is a list', '- a\n- b\n', '', 1, 'expected an object of Kubernetes, found a list'],
  [
    'a slice without a type of address',
    'apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: a}\nendpoints: []\n',
    'addressType',
    1,
    'is missing',
  ],
  ['a key that stands twice', `${entry}  hosts: [b.example.com]\n`, '', 8, 'unique'],
];

describe('a broken document is refused with line, field path and reason', () => {
  test.each(broken)('%s', async (_, text, path, line, message) => {
    const problems = await problemsOf(text);
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([
      expect.objectContaining({
        severity: 'error',
        file: 'input.yaml',
        line,
        path,
        message: expect.stringContaining(message) as string,
      }),
    ]);
  });
});

test('every error of a document is told, not only the first', async () => {
  const problems = await problemsOf(`${entry}  ports: [{number: a}, {number: b}]\n  exportTo: x\n`);
  expect(problems.map(({ path }) => path)).toEqual([
    'spec.ports[0].number',
    'spec.ports[1].number',
    'spec.exportTo',
  ]);
});

test('the object is named where it can be', async () => {
  const [problem] = await problemsOf(`${entry}  ports: x\n`);
  expect(problem?.object).toBe('ServiceEntry shop/pay');
  const [ofNode] = await problemsOf('apiVersion: v1\nkind: Node\nmetadata: {name: one, labels: x}\n');
  expect(ofNode?.object).toBe('Node one');
});

test('a problem of an item of a List names the item and its line', async () => {
  const problems = await problemsOf(`apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  metadata: {name: a}
- apiVersion: v1
  kind: Pod
  metadata:
    name: b
    labels: {x: 1}
`);
  expect(problems).toEqual([
    expect.objectContaining({ path: 'items[1].metadata.labels.x', line: 11, object: 'Pod default/b' }),
  ]);
});

describe('fields that do not exist', () => {
  test('are a warning that names the field that was probably meant', async () => {
    const problems = await problemsOf(
      `${service}  selectr: {app: web}\n  ports: [{port: 80, targetport: 8080}]\n`,
    );
    expect(problems).toEqual([
      expect.objectContaining({
        severity: 'warning',
        line: 5,
        path: 'spec.selectr',
        message: 'unknown field; did you mean "selector"?',
      }),
      expect.objectContaining({
        severity: 'warning',
        line: 6,
        path: 'spec.ports[0].targetport',
        message: 'unknown field; did you mean "targetPort"?',
      }),
    ]);
  });

  test('are named without a guess where nothing is near', async () => {
    const problems = await problemsOf(`${service}  colour: green\n`);
    expect(problems).toEqual([expect.objectContaining({ path: 'spec.colour', message: 'unknown field' })]);
  });

  test('are no matter in Pods, of which few fields are read', async () => {
    expect(
      await problemsOf(
        'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {volumes: [], containers: [{env: []}]}\n',
      ),
    ).toEqual([]);
  });
});

test('what is known and not read is no matter', async () => {
  expect(
    await problemsOf(
      `${service}  sessionAffinity: ClientIP\n  ipFamilyPolicy: SingleStack\n  ports: [{port: 80}]\nstatus: {conditions: []}\n`,
    ),
  ).toEqual([]);
});

describe('the same object twice', () => {
  const pod = 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n';

  test('is refused, both places named, and the first by path order counts', async () => {
    const state = await stateOf({
      'a.yaml': `${pod}spec: {nodeName: first}\n`,
      'b.yaml': `# second\n---\n${pod}spec: {nodeName: second}\n`,
    });
    expect(state.problems).toEqual([
      {
        severity: 'error',
        file: 'b.yaml',
        line: 3,
        object: 'Pod default/a',
        path: '',
        message: 'the same object stands at a.yaml:1, and that one counts',
      },
    ]);
    expect(state.clusters.get('Kubernetes')?.get('Pod/default/a')).toMatchObject({
      spec: { nodeName: 'first' },
    });
  });

  test('is no matter in another cluster or of another kind', async () => {
    const state = await stateOf({
      'a.yaml': pod,
      'cluster-west.yaml': pod,
      'b.yaml': pod.replace('Pod', 'Service'),
    });
    expect(state.problems).toEqual([]);
    expect([...state.clusters].map(([cluster, objects]) => [cluster, [...objects.keys()]])).toEqual([
      ['Kubernetes', ['Pod/default/a', 'Service/default/a']],
      ['west', ['Pod/default/a']],
    ]);
  });
});

describe('kinds that are not used', () => {
  test('are counted by kind and group', async () => {
    const named = (apiVersion: string, kind: string, name: string): string =>
      `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: ${name}}\n`;
    const state = await stateOf({
      'a.yaml': [
        named('v1', 'Endpoints', 'a'),
        named('apps/v1', 'Deployment', 'a'),
        named('apps/v1', 'Deployment', 'b'),
        named('gateway.networking.k8s.io/v1', 'Gateway', 'a'),
        named('serving.knative.dev/v1', 'Service', 'a'),
        named('networking.istio.io/v1beta1', 'ProxyConfig', 'a'),
      ].join('---\n'),
    });
    expect([...state.unusedKinds]).toEqual([
      ['Deployment.apps', 2],
      ['Endpoints', 1],
      ['Gateway.gateway.networking.k8s.io', 1],
      ['ProxyConfig.networking.istio.io', 1],
      ['Service.serving.knative.dev', 1],
    ]);
    expect(state.problems).toEqual([]);
    expect(state.clusters.get('Kubernetes')?.size).toBe(0);
  });

  test('extensions that are not enforced are listed with their place', async () => {
    const state = await stateOf({
      'a.yaml':
        'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\n# deny\napiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {name: deny, namespace: shop}\nspec: {}\n',
      'b.yaml': 'apiVersion: extensions.istio.io/v1alpha1\nkind: TrafficExtension\nmetadata: {name: jwt}\n',
    });
    expect(state.notEnforced).toEqual([
      { kind: 'WasmPlugin', name: 'deny', namespace: 'shop', file: 'a.yaml', line: 6 },
      { kind: 'TrafficExtension', name: 'jwt', namespace: 'default', file: 'b.yaml', line: 1 },
    ]);
  });
});
