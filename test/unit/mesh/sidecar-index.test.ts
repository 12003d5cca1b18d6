import { describe, expect, it } from 'vitest';
import { kubernetesService, proxyOf, sidecar, snapshotOf, virtualService } from './builders.js';

const services = [kubernetesService('orders.shop'), kubernetesService('cards.pay')];

describe('which Sidecar a proxy has', () => {
  const chosen = sidecar('shop/batch', [['pay/*']], { workloadSelector: { labels: { role: 'batch' } } }, 2);
  const chosenLater = sidecar(
    'shop/batch-later',
    [['./*']],
    { workloadSelector: { labels: { role: 'batch' } } },
    3,
  );
  const general = sidecar('shop/general', [['*/*']], {}, 1);
  const generalLater = sidecar('shop/general-later', [['./*']], {}, 2);
  const root = sidecar('istio-system/default', [['./*']]);
  const rootSelecting = sidecar('istio-system/selecting', [['pay/*']], {
    workloadSelector: { labels: { role: 'batch' } },
  });
  const all = [generalLater, chosenLater, root, general, chosen, rootSelecting];
  const nameFor = (
    objects: typeof all,
    namespace: string,
    labels = {},
    type: 'sidecar' | 'router' = 'sidecar',
  ) => {
    const snapshot = snapshotOf({ services, objects: { sidecars: objects } });
    return snapshot.sidecars.scopeFor(proxyOf(namespace, {}, type), labels).sidecar?.metadata.name;
  };

  it('is the oldest that selects its labels', () => {
    expect(nameFor(all, 'shop', { role: 'batch', app: 'x' })).toBe('batch');
  });

  it('is else the oldest without a selector, then that of the root namespace, then none', () => {
    expect(nameFor(all, 'shop', { role: 'web' })).toBe('general');
    expect(nameFor([chosen, root], 'shop', { role: 'web' })).toBe('default');
    expect(nameFor(all, 'pay', { role: 'batch' })).toBe('default');
    expect(nameFor([chosen], 'shop', { role: 'web' })).toBeUndefined();
  });

  it('is in the root namespace its own, selectors first', () => {
    expect(nameFor(all, 'istio-system', { role: 'batch' })).toBe('selecting');
    expect(nameFor(all, 'istio-system', {})).toBe('default');
  });

  it('is none for a router', () => {
    expect(nameFor(all, 'shop', { role: 'batch' }, 'router')).toBeUndefined();
  });

  it('means its own namespace by a dot, also if it is from the root namespace', () => {
    const snapshot = snapshotOf({ services, objects: { sidecars: [root] } });
    const scope = snapshot.sidecars.scopeFor(proxyOf('pay'), {});
    expect(scope.namespace).toBe('pay');
    expect(scope.services.map(({ attributes }) => attributes.namespace)).toEqual(['pay']);
  });
});

describe('the outbound traffic policy of a scope', () => {
  const policyFor = (outboundTrafficPolicy?: { mode: 'REGISTRY_ONLY' }) => {
    const sidecars = [
      sidecar(
        'shop/default',
        [['*/*']],
        outboundTrafficPolicy === undefined ? {} : { outboundTrafficPolicy },
      ),
    ];
    const mesh = { outboundTrafficPolicy: { mode: 'ALLOW_ANY_DYNAMIC_DNS' as const } };
    return snapshotOf({ objects: { sidecars }, mesh }).sidecars.scopeFor(proxyOf('shop'), {})
      .outboundTrafficPolicy.mode;
  };

  it('is that of the Sidecar, else that of the mesh', () => {
    expect(policyFor({ mode: 'REGISTRY_ONLY' })).toBe('REGISTRY_ONLY');
    expect(policyFor()).toBe('ALLOW_ANY_DYNAMIC_DNS');
  });
});

describe('the sharing of scopes', () => {
  it('is among proxies for which they are the same', () => {
    const { sidecars } = snapshotOf({ services });
    const scope = sidecars.scopeFor(proxyOf('shop'), { app: 'a' });
    expect(sidecars.scopeFor(proxyOf('shop'), { app: 'b' })).toBe(scope);
    expect(sidecars.scopeFor(proxyOf('pay'), {})).not.toBe(scope);
  });

  it('is of one list of services among namespaces that see the same', () => {
    const { sidecars, services: index } = snapshotOf({ services });
    const lists = ['shop', 'pay', 'media'].map((name) => sidecars.scopeFor(proxyOf(name), {}).services);
    expect(new Set(lists)).toEqual(new Set([index.visibleTo('shop')]));
    expect(sidecars.scopeFor(proxyOf('pay', {}, 'router'), {}).services).toBe(lists[0]);
  });

  it('is with snapshots in which nothing of them changed', () => {
    const limited = sidecar('shop/default', [['shop/*']]);
    const route = virtualService('shop/orders', { hosts: ['orders'] });
    const objects = { sidecars: [limited], virtualServices: [route] };
    const before = snapshotOf({ services, objects });
    const scope = before.sidecars.scopeFor(proxyOf('shop'), {});
    const elsewhere = snapshotOf({ services: [...services, kubernetesService('new.pay')], objects }, before);
    expect(elsewhere.sidecars).not.toBe(before.sidecars);
    expect(elsewhere.sidecars.scopeFor(proxyOf('shop'), {})).toBe(scope);
    const here = snapshotOf({ services: [...services, kubernetesService('new.shop')], objects }, elsewhere);
    expect(here.sidecars.scopeFor(proxyOf('shop'), {})).not.toBe(scope);
    const edited = {
      ...objects,
      virtualServices: [virtualService('shop/orders', { hosts: ['orders', 'other'] })],
    };
    expect(snapshotOf({ services, objects: edited }, before).sidecars.scopeFor(proxyOf('shop'), {})).not.toBe(
      scope,
    );
  });

  it('is of trimmed and merged services too', () => {
    const port = { number: 443, protocol: 'TLS', name: 'tls' };
    const objects = { sidecars: [sidecar('shop/default', [{ hosts: ['*/*'], port }, ['./*']])] };
    const wide = [kubernetesService('orders.shop', { ports: [80, 443] }), ...services.slice(1)];
    const before = snapshotOf({ services: wide, objects });
    const scope = before.sidecars.scopeFor(proxyOf('shop'), {});
    expect(scope.services[0]?.ports.map((each) => each.port)).toEqual([443, 80]);
    const after = snapshotOf({ services: [...wide, kubernetesService('new.pay')], objects }, before);
    expect(after.sidecars.scopeFor(proxyOf('shop'), {})).toBe(scope);
  });
});
