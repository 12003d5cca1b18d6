import { expect, test } from 'vitest';
import { ApiClient } from '../../../src/kubernetes/api-client.js';
import {
  apiLeaseStore,
  claimedSpec,
  mayClaim,
  microTime,
  releasedSpec,
  seenLease,
  type Lease,
  type LeaseSpec,
} from '../../../src/kubernetes/lease.js';
import { PlainAccess, ScriptedApi, sendJson, sendStatus } from './scripted-api.js';

const noon = Date.parse('2026-01-02T12:00:00Z');
const { signal } = new AbortController();

function lease(spec: LeaseSpec, resourceVersion = '1'): Lease {
  return { metadata: { name: 'l', namespace: 'n', resourceVersion }, spec };
}

test('times have microseconds, as Kubernetes writes them', () => {
  expect(microTime(noon + 1.25)).toBe('2026-01-02T12:00:00.001250Z');
  expect(microTime(noon)).toBe('2026-01-02T12:00:00.000000Z');
});

test('a new Lease begins with no transition, a taken one counts it, a renewed one keeps who and since when', () => {
  const first = claimedSpec(undefined, 'a', 15_000, noon);
  expect(first).toEqual({
    holderIdentity: 'a',
    leaseDurationSeconds: 15,
    acquireTime: '2026-01-02T12:00:00.000000Z',
    renewTime: '2026-01-02T12:00:00.000000Z',
    leaseTransitions: 0,
  });
  expect(claimedSpec(first, 'a', 15_000, noon + 2000)).toEqual({
    ...first,
    renewTime: '2026-01-02T12:00:02.000000Z',
  });
  expect(claimedSpec(first, 'b', 15_000, noon + 2000)).toMatchObject({
    holderIdentity: 'b',
    acquireTime: '2026-01-02T12:00:02.000000Z',
    leaseTransitions: 1,
  });
});

test('fields that others put into a Lease stay', () => {
  const strange = { strategy: 'OldestEmulationVersion' } as LeaseSpec;
  expect(claimedSpec(strange, 'a', 15_000, noon)).toHaveProperty('strategy', 'OldestEmulationVersion');
});

test('a Lease that is given up is nobody’s, and lasts a second', () => {
  const spec = releasedSpec(claimedSpec(undefined, 'a', 15_000, noon), noon + 1000);
  expect(spec).not.toHaveProperty('holderIdentity');
  expect(spec).toMatchObject({ leaseDurationSeconds: 1, leaseTransitions: 0 });
});

test('another one’s Lease may be taken when it was not seen to change for as long as it lasts', () => {
  const renewed = (time: number): Lease => lease(claimedSpec(undefined, 'other', 15_000, time));
  // The holder's clock is an hour behind, which must not matter.
  const first = seenLease(undefined, renewed(noon - 3_600_000), 1000);
  expect(mayClaim(first, 'me', 15_999)).toBe(false);
  expect(mayClaim(first, 'me', 16_000)).toBe(true);
  const same = seenLease(first, renewed(noon - 3_600_000), 9000);
  expect(same.since).toBe(1000);
  const changed = seenLease(same, renewed(noon - 3_599_000), 9000);
  expect(mayClaim(changed, 'me', 16_000)).toBe(false);
  expect(mayClaim(changed, 'me', 24_000)).toBe(true);
});

test('what else changes about a Lease does not prolong it', () => {
  const spec = claimedSpec(undefined, 'other', 15_000, noon);
  const first = seenLease(undefined, lease(spec, '1'), 0);
  expect(seenLease(first, lease(spec, '2'), 5000).since).toBe(0);
});

test('one’s own Lease and nobody’s may be taken at once', () => {
  expect(mayClaim(seenLease(undefined, lease({ holderIdentity: 'me' }), 0), 'me', 0)).toBe(true);
  expect(mayClaim(seenLease(undefined, lease({ leaseDurationSeconds: 15 }), 0), 'me', 0)).toBe(true);
});

test('is read, created and updated in its namespace, an update for the version that was read', async () => {
  const api = await ScriptedApi.start();
  const client = new ApiClient(new PlainAccess(api.url));
  const bodies: unknown[] = [];
  api.answer = (exchange) => {
    let text = '';
    exchange.request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    exchange.request.on('end', () => {
      if (text === '') {
        sendStatus(exchange, 404, 'NotFound');
        return;
      }
      bodies.push(JSON.parse(text));
      sendJson(exchange, { ...(JSON.parse(text) as Lease) });
    });
  };
  const store = apiLeaseStore(client, 'n', 'l');
  expect(await store.get(signal)).toBeUndefined();
  await store.create({ holderIdentity: 'me' }, signal);
  await store.update(lease({ holderIdentity: 'me' }, '7'), { holderIdentity: 'you' }, signal);
  client.close();
  const path = '/apis/coordination.k8s.io/v1/namespaces/n/leases';
  expect(api.requests).toEqual([`GET ${path}/l`, `POST ${path}`, `PUT ${path}/l`]);
  expect(bodies).toEqual([
    expect.objectContaining({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'l', namespace: 'n' },
    }),
    expect.objectContaining({
      metadata: { name: 'l', namespace: 'n', resourceVersion: '7' },
      spec: { holderIdentity: 'you' },
    }),
  ]);
});
