/** Kinds that come, change their version, and go while a cluster is followed. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KubernetesObject } from '../../../testenv/kubernetes/api.mjs';
import { Kubernetes } from '../../../testenv/kubernetes/kubernetes.mjs';
import { expectAsFresh, Follower, newNamespace, service, serviceEntry } from './fixture.js';

const name = 'serviceentries.networking.istio.io';

let kubernetes: Kubernetes;
let crd: KubernetesObject;

beforeAll(async () => {
  kubernetes = await Kubernetes.start();
  const found = (await kubernetes.istioCrds()).get(name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  crd = found;
});

afterAll(() => kubernetes.stop());

/** The definition with some of its versions served. */
function serving(...versions: readonly string[]): KubernetesObject {
  const changed = structuredClone(crd);
  for (const version of changed['spec'].versions) version.served = versions.includes(version.name);
  return changed;
}

function inVersion(version: string, object: KubernetesObject): KubernetesObject {
  return { ...object, apiVersion: `networking.istio.io/${version}` };
}

function entryResource({ source }: Follower): string | undefined {
  const status = source.status().find(({ kind }) => kind === 'ServiceEntry');
  return status?.state === 'absent' ? 'absent' : status?.resource;
}

test('a kind is waited for, read in any version, and forgotten when it is gone', async () => {
  const namespace = await newNamespace(kubernetes);
  await kubernetes.api.apply(service(namespace, 'web'));
  const follower = await Follower.synced(kubernetes);
  expect(follower.get('Service', namespace, 'web')).toBeDefined();
  expect(entryResource(follower)).toBe('absent');

  // Installed later, in its oldest version only.
  await kubernetes.installCrd(serving('v1alpha3'));
  const entry = serviceEntry(namespace, 'entry', 'a.example.com');
  await kubernetes.api.apply(inVersion('v1alpha3', entry));
  await follower.until('the entry', () => follower.get('ServiceEntry', namespace, 'entry') !== undefined);
  expect(follower.get('ServiceEntry', namespace, 'entry')?.apiVersion).toBe('networking.istio.io/v1alpha3');
  expect(follower.failures).toEqual([]);

  // Another version takes its place: the object is still the same.
  await kubernetes.installCrd(serving('v1beta1'));
  await follower.until('the other version', () => entryResource(follower)?.includes('.v1beta1.') === true);
  await kubernetes.api.patch(inVersion('v1beta1', entry), { spec: { hosts: ['b.example.com'] } });
  await follower.until('the change', () =>
    JSON.stringify(follower.get('ServiceEntry', namespace, 'entry')?.spec).includes('b.example.com'),
  );
  // A version that is better liked is taken when it is there.
  await kubernetes.installCrd(serving('v1', 'v1beta1', 'v1alpha3'));
  await follower.until('the best version', () => entryResource(follower)?.includes('.v1.') === true);
  await expectAsFresh(follower, kubernetes);
  expect(follower.removed).toEqual([]);

  await kubernetes.api.delete(crd);
  await follower.until(
    'the end of the entry',
    () => follower.get('ServiceEntry', namespace, 'entry') === undefined,
  );
  await follower.until('that the kind is waited for', () => entryResource(follower) === 'absent');
  await follower.until('that all is well', ({ failing }) => !failing);
  expect(follower.removed).toEqual([`ServiceEntry/${namespace}/entry`]);

  await kubernetes.installCrd(crd);
  await kubernetes.api.apply(serviceEntry(namespace, 'again', 'c.example.com'));
  await follower.until('the new entry', () => follower.get('ServiceEntry', namespace, 'again') !== undefined);
  await expectAsFresh(follower, kubernetes);
});
