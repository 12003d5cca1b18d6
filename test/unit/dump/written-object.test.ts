import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeDocument } from '../../../src/config/decode/document.js';
import { apiResources, apiVersionOf } from '../../../src/config/kubernetes/resources.js';
import type { Kind } from '../../../src/config/object.js';
import { writtenObjects } from '../../../src/dump/written-object.js';
import type { RawObject } from '../../../src/kubernetes/list-watch.js';

function written(kind: Kind, object: object): unknown {
  const resource = apiResources.find((each) => each.kind === kind);
  if (resource === undefined) throw new Error(kind);
  const apiVersion = apiVersionOf(resource, resource.versions[0] ?? '');
  return writtenObjects({ resource, apiVersion, objects: [object as RawObject] })[0];
}

const metadata = { name: 'web', namespace: 'shop' };

test('what the server and clients keep for themselves is left out of the metadata', () => {
  const document = written('Service', {
    metadata: {
      ...metadata,
      uid: 'u',
      resourceVersion: '7',
      generation: 2,
      managedFields: [{ manager: 'kubectl' }],
      finalizers: ['x'],
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { app: 'web' },
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
      ownerReferences: [{ apiVersion: 'a/v1', kind: 'A', name: 'a', uid: 'u', controller: true }],
    },
    spec: { clusterIP: '10.0.0.1' },
    status: { loadBalancer: {}, conditions: [] },
  });
  expect(document).toEqual({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      ...metadata,
      labels: { app: 'web' },
      creationTimestamp: '2026-01-01T00:00:00Z',
      ownerReferences: [{ apiVersion: 'a/v1', kind: 'A', name: 'a', controller: true }],
    },
    spec: { clusterIP: '10.0.0.1' },
    status: { loadBalancer: {} },
  });
});

test('of a Pod neither environment nor arguments nor volumes are written', () => {
  const secret = 'hush';
  const container = {
    name: 'app',
    image: secret,
    args: [secret],
    env: [{ name: 'A', value: secret }],
    ports: [{ name: 'http', containerPort: 80, hostIP: secret }],
  };
  const text = JSON.stringify(
    written('Pod', {
      metadata,
      spec: {
        nodeName: 'n',
        containers: [container],
        initContainers: [{ ...container, restartPolicy: 'Always' }],
        volumes: [secret],
      },
      status: { podIP: '10.0.0.1', message: secret, conditions: [{ type: 'Ready', status: 'True' }] },
    }),
  );
  expect(text).not.toContain(secret);
  expect(text).toContain('"initContainers":[{"name":"app","restartPolicy":"Always"');
});

describe('an object says the same to Pilotlight as it is written', () => {
  const condition = fc.record({
    type: fc.constantFrom('Ready', 'Healthy', 'Initialized'),
    status: fc.constantFrom('True', 'False'),
  });
  const port = fc.record(
    { name: fc.constantFrom('http', 'tcp'), containerPort: fc.nat(65535), hostPort: fc.nat(65535) },
    { requiredKeys: ['containerPort'] },
  );
  const container = fc.record(
    { name: fc.constantFrom('a', 'b'), ports: fc.array(port), restartPolicy: fc.constant('Always') },
    { requiredKeys: ['name'] },
  );
  const bodies: Readonly<Partial<Record<Kind, fc.Arbitrary<object>>>> = {
    Pod: fc.record({
      spec: fc.record(
        {
          serviceAccountName: fc.string(),
          nodeName: fc.string(),
          hostname: fc.string(),
          subdomain: fc.string(),
          hostNetwork: fc.boolean(),
          containers: fc.array(container),
          initContainers: fc.array(container),
        },
        { requiredKeys: [] },
      ),
      status: fc.record(
        {
          phase: fc.constantFrom('Running', 'Failed'),
          podIP: fc.ipV4(),
          podIPs: fc.array(fc.record({ ip: fc.ipV4() })),
          conditions: fc.array(condition),
        },
        { requiredKeys: [] },
      ),
    }),
    Node: fc.record({
      status: fc.record({
        addresses: fc.array(
          fc.record({ type: fc.constantFrom('ExternalIP', 'InternalIP'), address: fc.ipV4() }),
        ),
      }),
    }),
    WorkloadEntry: fc.record({
      spec: fc.record({ address: fc.ipV4() }),
      status: fc.record({ conditions: fc.array(condition) }, { requiredKeys: [] }),
    }),
    ServiceEntry: fc.record({
      spec: fc.constant({ hosts: ['a.example'], ports: [{ number: 80, name: 'http', protocol: 'HTTP' }] }),
      status: fc.record(
        { addresses: fc.array(fc.record({ value: fc.ipV4() })), conditions: fc.constant([]) },
        { requiredKeys: [] },
      ),
    }),
    EndpointSlice: fc.record({
      addressType: fc.constant('IPv4'),
      ports: fc.constant([{ name: 'http', port: 80 }]),
      endpoints: fc.array(
        fc.record({
          addresses: fc.array(fc.ipV4(), { minLength: 1, maxLength: 1 }),
          conditions: fc.record({ ready: fc.boolean() }, { requiredKeys: [] }),
          zone: fc.string(),
          nodeName: fc.string(),
        }),
      ),
    }),
  };
  test.each(Object.entries(bodies))('%s', (kind, body) => {
    const resource = apiResources.find((each) => each.kind === kind);
    const apiVersion = resource === undefined ? '' : apiVersionOf(resource, resource.versions[0] ?? '');
    const meaning = (document: unknown): unknown => {
      const [decoded] = decodeDocument(document, { source: 'test' });
      return decoded?.type === 'object' ? decoded.object : decoded?.findings;
    };
    fc.assert(
      fc.property(body, (object) => {
        const whole = { apiVersion, kind, metadata, ...object };
        expect(meaning(written(kind as Kind, whole))).toEqual(meaning(whole));
      }),
    );
  });
});
