import { describe, expect, it } from 'vitest';
import { discoveryOf, endpoint, entryService, kubernetesService, shard, snapshotOf } from './builders.js';

const orders = kubernetesService('orders.shop', {
  serviceAccounts: ['spiffe://cluster.local/ns/shop/sa/declared', 'a-name'],
});
const account = (name: string, domain = 'cluster.local'): string => `spiffe://${domain}/ns/shop/sa/${name}`;

describe('shards', () => {
  it('are those of the host and namespace, the same array as registries gave', () => {
    const shards = [shard([endpoint('10.1.0.1')])];
    const { endpoints } = snapshotOf({ discovery: discoveryOf([orders], [[orders, shards]]) });
    expect(endpoints.shards(orders.hostname, 'shop')).toBe(shards);
    expect(endpoints.shards(orders.hostname, 'pay')).toEqual([]);
    expect(endpoints.shards('unknown', 'shop')).toBe(endpoints.shards(orders.hostname, 'pay'));
  });
});

describe('service accounts', () => {
  const shards = [
    shard([
      endpoint('10.1.0.1', { serviceAccount: account('web') }),
      endpoint('10.1.0.2', { serviceAccount: account('api', 'far') }),
    ]),
    shard([endpoint('10.2.0.1', { serviceAccount: account('web') }), endpoint('10.2.0.2')], 'west'),
  ];
  const discovery = discoveryOf([orders], [[orders, shards]]);

  it('are those of all endpoints and of the service, each once, sorted', () => {
    const { endpoints } = snapshotOf({ discovery });
    expect(endpoints.serviceAccounts(orders)).toEqual([
      'a-name',
      account('declared'),
      account('web'),
      account('api', 'far'),
    ]);
  });

  it('are repeated for each trust domain alias, whatever their own trust domain; other names are not', () => {
    const { endpoints } = snapshotOf({ discovery, mesh: { trustDomainAliases: ['old', 'cluster.local'] } });
    expect(endpoints.serviceAccounts(orders)).toEqual([
      'a-name',
      account('api'),
      account('declared'),
      account('web'),
      account('api', 'far'),
      account('api', 'old'),
      account('declared', 'old'),
      account('web', 'old'),
    ]);
  });

  it('take the declared ones of the last service of a host and namespace', () => {
    const older = entryService('x.example.com', 'shop', { creationTime: 1, serviceAccounts: ['old'] });
    const newer = entryService('x.example.com', 'shop', { creationTime: 2, serviceAccounts: ['new'] });
    const last = entryService('x.example.com', 'shop', { creationTime: 3 });
    expect(snapshotOf({ services: [older, newer] }).endpoints.serviceAccounts(older)).toEqual(['new']);
    expect(snapshotOf({ services: [older, newer, last] }).endpoints.serviceAccounts(older)).toEqual([]);
  });

  it('are the same array as long as their content is', () => {
    const before = snapshotOf({ discovery });
    const known = before.endpoints.serviceAccounts(orders);
    const moved = shards.map((each) =>
      shard([...each.endpoints, endpoint('10.9.0.1', { serviceAccount: account('web') })], each.cluster),
    );
    const after = snapshotOf({ discovery: discoveryOf([orders], [[orders, moved]]) }, before);
    expect(after.endpoints.serviceAccounts(orders)).toBe(known);
    const other = [shard([endpoint('10.1.0.1', { serviceAccount: account('new') })])];
    const changed = snapshotOf({ discovery: discoveryOf([orders], [[orders, other]]) }, after);
    expect(changed.endpoints.serviceAccounts(orders)).toContain(account('new'));
    expect(after.endpoints.serviceAccounts(orders)).toEqual(known);
  });
});
