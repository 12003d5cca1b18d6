/** What a cluster holds, and what becomes of it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WatchedKind } from '../../../src/config/kubernetes/resources.js';
import type { Kind } from '../../../src/config/object.js';
import { remoteClusterKinds } from '../../../src/config/kubernetes/resources.js';
import type { KubernetesObject } from '../../../testenv/kubernetes/api.mjs';
import { Kubernetes } from '../../../testenv/kubernetes/kubernetes.mjs';
import {
  endpointSlice,
  expectAsFresh,
  Follower,
  forEach,
  meanings,
  newNamespace,
  pod,
  service,
  serviceEntry,
} from './fixture.js';

let kubernetes: Kubernetes;

beforeAll(async () => {
  kubernetes = await Kubernetes.start();
  await kubernetes.installCrds();
});

afterAll(() => kubernetes.stop());

/** An object of a kind, what is changed of it, and what says that it has been changed. */
interface Sample {
  readonly object: KubernetesObject;
  readonly change: Readonly<Record<string, unknown>>;
  readonly changed: unknown;
}

function samples(namespace: string): Record<Exclude<WatchedKind, 'Namespace'>, Sample> {
  const istio = (kind: string, spec: unknown, group = 'networking'): KubernetesObject => ({
    apiVersion: `${group}.istio.io/v1`,
    kind,
    metadata: { name: 'sample', namespace },
    spec,
  });
  const host = 'sample.example.com';
  return {
    Service: {
      object: service(namespace, 'sample'),
      change: { spec: { ports: [{ name: 'http', port: 81, targetPort: 8080 }] } },
      changed: { spec: { ports: [{ port: 81 }] } },
    },
    EndpointSlice: {
      object: endpointSlice(namespace, 'sample', ['10.0.0.1'], 'sample'),
      change: { endpoints: [{ addresses: ['10.0.0.2'] }] },
      changed: { spec: { endpoints: [{ addresses: ['10.0.0.2'] }] } },
    },
    Pod: {
      object: pod(namespace, 'sample', '10.0.0.1'),
      change: { metadata: { labels: { version: 'v2' } } },
      changed: { metadata: { labels: { app: 'sample', version: 'v2' } } },
    },
    Node: {
      object: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'sample' } },
      change: { metadata: { labels: { 'topology.kubernetes.io/region': 'eu' } } },
      changed: { metadata: { labels: { 'topology.kubernetes.io/region': 'eu' } } },
    },
    ServiceEntry: {
      object: serviceEntry(namespace, 'sample', host),
      change: { spec: { hosts: ['other.example.com'] } },
      changed: { spec: { hosts: ['other.example.com'] } },
    },
    WorkloadEntry: {
      object: istio('WorkloadEntry', { address: '192.0.2.1', labels: { app: 'vm' } }),
      change: { spec: { address: '192.0.2.2' } },
      changed: { spec: { address: '192.0.2.2' } },
    },
    DestinationRule: {
      object: istio('DestinationRule', { host, subsets: [{ name: 'v1', labels: { version: 'v1' } }] }),
      change: { spec: { subsets: [{ name: 'v2', labels: { version: 'v2' } }] } },
      changed: { spec: { subsets: [{ name: 'v2' }] } },
    },
    VirtualService: {
      object: istio('VirtualService', { hosts: [host], http: [{ route: [{ destination: { host } }] }] }),
      change: { spec: { hosts: ['other.example.com'] } },
      changed: { spec: { hosts: ['other.example.com'] } },
    },
    Sidecar: {
      object: istio('Sidecar', { egress: [{ hosts: ['./*'] }] }),
      change: { spec: { egress: [{ hosts: ['*/*'] }] } },
      changed: { spec: { egress: [{ hosts: ['*/*'] }] } },
    },
    Gateway: {
      object: istio('Gateway', {
        selector: { app: 'gateway' },
        servers: [{ hosts: [host], port: { number: 80, name: 'http', protocol: 'HTTP' } }],
      }),
      change: { spec: { selector: { app: 'other' } } },
      changed: { spec: { selector: { app: 'other' } } },
    },
    AuthorizationPolicy: {
      object: istio('AuthorizationPolicy', { action: 'DENY', rules: [{}] }, 'security'),
      change: { spec: { action: 'ALLOW' } },
      changed: { spec: { action: 'ALLOW' } },
    },
    RequestAuthentication: {
      object: istio('RequestAuthentication', { jwtRules: [{ issuer: 'one' }] }, 'security'),
      change: { spec: { jwtRules: [{ issuer: 'two' }] } },
      changed: { spec: { jwtRules: [{ issuer: 'two' }] } },
    },
    Telemetry: {
      object: istio('Telemetry', { metrics: [{ providers: [{ name: 'one' }] }] }, 'telemetry'),
      change: { spec: { metrics: [{ providers: [{ name: 'two' }] }] } },
      changed: { spec: { metrics: [{ providers: [{ name: 'two' }] }] } },
    },
    EnvoyFilter: {
      object: { ...istio('EnvoyFilter', { priority: 1 }), apiVersion: 'networking.istio.io/v1alpha3' },
      change: { spec: { priority: 2 } },
      changed: { spec: { priority: 2 } },
    },
    WorkloadGroup: {
      object: istio('WorkloadGroup', { template: { serviceAccount: 'one' } }),
      change: { spec: { template: { serviceAccount: 'two' } } },
      changed: { spec: { template: { serviceAccount: 'two' } } },
    },
    PeerAuthentication: {
      object: istio('PeerAuthentication', { mtls: { mode: 'STRICT' } }, 'security'),
      change: { spec: { mtls: { mode: 'DISABLE' } } },
      changed: { spec: { mtls: { mode: 'DISABLE' } } },
    },
  };
}

test('an object of every kind is told when it is there, when it changes and when it goes', async () => {
  const namespace = await newNamespace(kubernetes);
  const all = Object.entries(samples(namespace)) as [Exclude<WatchedKind, 'Namespace'>, Sample][];
  const apply = async (from: number, to?: number): Promise<void> => {
    for (const [, { object }] of all.slice(from, to)) await kubernetes.api.apply(object);
  };
  // Half of them are there before anybody looks.
  await apply(0, 6);
  const follower = await Follower.synced(kubernetes);
  await apply(6);
  const known = (kind: Kind) => follower.get(kind, kind === 'Node' ? '' : namespace, 'sample');
  for (const [kind] of all) await follower.until(`the ${kind}`, () => known(kind) !== undefined);
  for (const [kind, { object, change, changed }] of all) {
    await kubernetes.api.patch(object, change);
    await follower.until(`the change of the ${kind}`, () => {
      expect(known(kind)).toMatchObject(changed as object);
      return true;
    });
  }
  for (const [kind, { object }] of all) {
    await kubernetes.api.delete(object);
    await follower.until(`the end of the ${kind}`, () => known(kind) === undefined);
  }
  await kubernetes.api.patch(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { metadata: { labels: { tier: 'gold' } } },
  );
  await follower.until('the labels of the namespace', () => {
    expect(follower.get('Namespace', '', namespace)?.metadata.labels).toMatchObject({ tier: 'gold' });
    return true;
  });
  expect(follower.failures).toEqual([]);
  await expectAsFresh(follower, kubernetes);
});

test('what is kept of an object is what Pilotlight reads, and a change of anything else is none', async () => {
  const namespace = await newNamespace(kubernetes);
  const written = service(namespace, 'web');
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': 'long', note: 'short' };
  await kubernetes.api.apply({ ...written, metadata: { ...written.metadata, annotations } });
  await kubernetes.api.apply(serviceEntry(namespace, 'entry', 'a.example.com'));
  const follower = await Follower.synced(kubernetes);
  const key = `Service/${namespace}/web`;
  expect(follower.objects.get(key)?.metadata.annotations).toEqual({ note: 'short' });
  expect(JSON.stringify([...follower.objects.values()])).not.toMatch(/managedFields|"uid"/);
  const before = follower.upserts.get(key);
  // Neither the owner of fields nor a status condition means anything to the mesh.
  await kubernetes.api.patch(written, { metadata: { finalizers: ['example.com/none'] } });
  await kubernetes.api.patch(written, { metadata: { finalizers: null } });
  await kubernetes.api.patch(written, { metadata: { labels: { last: 'change' } } });
  await follower.until(
    'the last change',
    () => follower.objects.get(key)?.metadata.labels['last'] === 'change',
  );
  expect(follower.upserts.get(key)).toBe((before ?? 0) + 1);
  await expectAsFresh(follower, kubernetes);
});

test('an object that is not valid is refused and said so, and its last valid version stays', async () => {
  const namespace = await newNamespace(kubernetes);
  const written = serviceEntry(namespace, 'entry', 'a.example.com');
  await kubernetes.api.apply(written);
  const follower = await Follower.synced(kubernetes);
  // The API server's schema lets it pass, Istio's validation does not.
  await kubernetes.api.patch(written, { spec: { exportTo: ['*', '.'] } });
  await follower.until('the refusal', ({ source }) =>
    source.problems().some(({ severity }) => severity === 'error'),
  );
  expect(follower.get('ServiceEntry', namespace, 'entry')?.spec).toMatchObject({ hosts: ['a.example.com'] });
  expect(follower.source.problems()).toMatchObject([
    {
      severity: 'error',
      file: 'kubernetes/test',
      object: `ServiceEntry ${namespace}/entry`,
      path: 'spec.exportTo',
    },
  ]);
  expect(follower.lines.filter((line) => line.startsWith('refused: '))).toHaveLength(1);
  await kubernetes.api.patch(written, { spec: { hosts: ['b.example.com'], exportTo: null } });
  await follower.until('the mended entry', () => {
    expect(follower.get('ServiceEntry', namespace, 'entry')?.spec).toMatchObject({
      hosts: ['b.example.com'],
    });
    return true;
  });
  expect(follower.source.problems()).toEqual([]);
  expect(follower.lines.filter((line) => line.startsWith('mended: '))).toHaveLength(1);
  await expectAsFresh(follower, kubernetes);
});

test('of a remote cluster only some kinds are read', async () => {
  const namespace = await newNamespace(kubernetes);
  await kubernetes.api.apply(serviceEntry(namespace, 'entry', 'a.example.com'));
  await kubernetes.api.apply(service(namespace, 'web'));
  const follower = await Follower.synced(kubernetes, { kinds: remoteClusterKinds });
  expect(follower.get('Service', namespace, 'web')).toBeDefined();
  expect([...follower.objects.values()].filter(({ kind }) => !remoteClusterKinds.has(kind))).toEqual([]);
});

test('an object that is changed a hundred times a second ends as it was left', async () => {
  const namespace = await newNamespace(kubernetes);
  const written = endpointSlice(namespace, 'web', ['10.0.0.1']);
  await kubernetes.api.apply(written);
  const follower = await Follower.synced(kubernetes);
  const count = 300;
  const began = performance.now();
  for (let index = 1; index <= count; index += 1) {
    const address = `10.1.${Math.floor(index / 250)}.${index % 250}`;
    await kubernetes.api.patch(written, { endpoints: [{ addresses: [address] }] });
    const early = began + index * 10 - performance.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
  }
  await expectAsFresh(follower, kubernetes);
  expect(follower.get('EndpointSlice', namespace, 'web-1')?.spec).toMatchObject({
    endpoints: [{ addresses: [`10.1.1.${count - 250}`] }],
  });
  expect(follower.removed).toEqual([]);
  expect(follower.failures).toEqual([]);
});

test('a thousand services with ten thousand endpoints appear at once and go at once', async () => {
  const namespace = await newNamespace(kubernetes);
  const follower = await Follower.synced(kubernetes);
  const numbers = Array.from({ length: 1000 }, (_, index) => index);
  const addresses = (index: number): string[] =>
    Array.from({ length: 10 }, (_, each) => `10.${each}.${Math.floor(index / 250)}.${(index % 250) + 1}`);
  await forEach(numbers, async (index) => {
    await kubernetes.api.create(service(namespace, `web-${index}`));
    await kubernetes.api.create(endpointSlice(namespace, `web-${index}`, addresses(index)));
  });
  await follower.until('all of them', ({ objects }) => {
    const mine = [...objects.values()].filter(({ metadata }) => metadata.namespace === namespace);
    return mine.length === 2000;
  });
  await expectAsFresh(follower, kubernetes);
  // Services cannot be deleted as a collection by every server, slices can.
  await kubernetes.api.deleteAll('discovery.k8s.io/v1', 'EndpointSlice', namespace);
  await kubernetes.api.deleteAll('v1', 'Service', namespace);
  await follower.until('that all of them are gone', ({ objects }) => {
    return [...objects.values()].every(({ metadata }) => metadata.namespace !== namespace);
  });
  await expectAsFresh(follower, kubernetes);
  expect(follower.failures).toEqual([]);
});

test('everyone who follows is told the same, and one who stops is told nothing more', async () => {
  const namespace = await newNamespace(kubernetes);
  const follower = await Follower.synced(kubernetes);
  const heard: string[] = [];
  const subscription = follower.source.watch().subscribe(({ type }) => heard.push(type));
  expect(heard.at(-1)).toBe('synced');
  expect(heard.length).toBe(follower.objects.size + 1);
  subscription.unsubscribe();
  const count = heard.length;
  await kubernetes.api.apply(service(namespace, 'late'));
  await follower.until('the service', () => follower.get('Service', namespace, 'late') !== undefined);
  expect(heard.length).toBe(count);
  expect(meanings(follower.objects)).toHaveProperty([`Service/${namespace}/late`]);
});
