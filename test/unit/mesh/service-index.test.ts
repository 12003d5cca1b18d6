import { describe, expect, it } from 'vitest';
import type { Service } from '../../../src/model/service.js';
import { entryService, kubernetesService, snapshotOf } from './builders.js';

function names(services: Iterable<Service>): string[] {
  return [...services].map(({ attributes }) => `${attributes.namespace}/${attributes.objectName}`);
}

describe('the order of services', () => {
  it('is by age, name and namespace, then object and position in it', () => {
    const services = [
      kubernetesService('late.shop', { creationTime: 9 }),
      entryService('a.example.com', 'shop', { creationTime: 5, objectName: 'two' }),
      entryService('a.example.com', 'shop', { creationTime: 5, objectName: 'one', sequence: 1 }),
      entryService('a.example.com', 'shop', {
        creationTime: 5,
        objectName: 'one',
        sequence: 0,
        defaultAddress: '1.1.1.1',
      }),
      entryService('a.example.com', 'pay', { creationTime: 5 }),
      kubernetesService('early.shop', { creationTime: 1 }),
    ];
    const { all } = snapshotOf({ services }).services;
    expect(names(all)).toEqual(['shop/early', 'pay/entry', 'shop/one', 'shop/one', 'shop/two', 'shop/late']);
    expect(all[2]?.defaultAddress).toBe('1.1.1.1');
  });
});

describe('the service of a host and namespace', () => {
  const older = entryService('orders.shop.svc.cluster.local', 'shop', {
    creationTime: 1,
    objectName: 'older',
  });
  const newer = entryService('orders.shop.svc.cluster.local', 'shop', {
    creationTime: 2,
    objectName: 'newer',
  });
  const kubernetes = kubernetesService('orders.shop', { creationTime: 3 });
  const elsewhere = entryService('orders.shop.svc.cluster.local', 'pay', { creationTime: 4 });

  it('is the oldest of several', () => {
    const { services } = snapshotOf({ services: [newer, older] });
    expect(services.byHost(older.hostname, 'shop')).toBe(older);
  });

  it('is that of Kubernetes even if it is not the oldest', () => {
    const { services } = snapshotOf({ services: [newer, older, kubernetes] });
    expect(services.byHost(older.hostname, 'shop')).toBe(kubernetes);
  });

  it('is not one of another namespace', () => {
    const { services } = snapshotOf({ services: [older, elsewhere] });
    expect([...services.namespacesOf(older.hostname)]).toEqual([
      ['shop', older],
      ['pay', elsewhere],
    ]);
    expect(services.byHost(older.hostname, 'media')).toBeUndefined();
    expect(services.namespacesOf('unknown').size).toBe(0);
  });
});

describe('aliases', () => {
  const alias = (name: string, externalName: string): Service =>
    kubernetesService(name, { resolution: 'Alias', externalName });
  const aliasesOf = (services: readonly Service[], name: string): string[] => {
    const found = snapshotOf({ services }).services.all.find(({ attributes }) => attributes.name === name);
    return (found?.attributes.aliases ?? []).map(
      ({ namespace, hostname }) => `${namespace}/${hostname.split('.')[0]}`,
    );
  };

  it('are the ExternalName services that name the host, by namespace and host', () => {
    const target = kubernetesService('orders.shop');
    const services = [
      target,
      alias('z.shop', target.hostname),
      alias('b.pay', target.hostname),
      alias('a.pay', target.hostname),
      alias('other.pay', 'www.example.com'),
    ];
    expect(aliasesOf(services, 'orders')).toEqual(['pay/a', 'pay/b', 'shop/z']);
    expect(aliasesOf(services, 'a')).toEqual([]);
  });

  it('go through other aliases to the service at the end', () => {
    const target = kubernetesService('orders.shop');
    const middle = alias('middle.shop', target.hostname);
    expect(aliasesOf([target, middle, alias('first.shop', middle.hostname)], 'orders')).toEqual([
      'shop/first',
      'shop/middle',
    ]);
  });

  it('that go round in a circle stand for nothing', () => {
    const a = alias('a.shop', 'b.shop.svc.cluster.local');
    const b = alias('b.shop', 'a.shop.svc.cluster.local');
    const self = alias('self.shop', 'self.shop.svc.cluster.local');
    const into = alias('into.shop', 'a.shop.svc.cluster.local');
    const services = [a, b, self, into, kubernetesService('orders.shop')];
    expect(
      snapshotOf({ services }).services.all.flatMap(({ attributes }) => attributes.aliases ?? []),
    ).toEqual([]);
  });

  it('give the same service object as long as they stay the same', () => {
    const target = kubernetesService('orders.shop');
    const before = snapshotOf({ services: [target, alias('a.pay', target.hostname)] });
    const after = snapshotOf(
      { services: [target, alias('a.pay', target.hostname), kubernetesService('new.shop')] },
      before,
    );
    const find = (snapshot: typeof before) => snapshot.services.byHost(target.hostname, 'shop');
    expect(find(after)?.attributes.aliases).toHaveLength(1);
    expect(find(after)).toBe(find(before));
  });
});
