import { describe, expect, it } from 'vitest';
import type { ServiceEntryVisibility } from '../../../src/config/mesh-config.js';
import { entryService, kubernetesService, namespace, snapshotOf } from './builders.js';

const namespaces = ['shop', 'pay', 'media'];

/** The namespaces that see a service of the namespace shop. */
function seenBy(
  exportTo: readonly string[],
  mesh: { defaultServiceExportTo?: readonly string[]; serviceEntryVisibility?: ServiceEntryVisibility } = {},
  provider: 'Kubernetes' | 'External' = 'Kubernetes',
): string {
  const service =
    provider === 'Kubernetes'
      ? kubernetesService('orders.shop', { exportTo })
      : entryService('orders.example.com', 'shop', { exportTo });
  const objects = { namespaces: [namespace('shop', { team: 'a' }), namespace('pay', { team: 'b' })] };
  const { services } = snapshotOf({ services: [service], mesh, objects });
  return namespaces.filter((name) => services.visibleTo(name).includes(service)).join(' ');
}

describe('who sees a service by its exportTo', () => {
  const onlyOwn = { defaultServiceExportTo: ['.'] };
  it.each([
    [[], {}, 'shop pay media'],
    [['*'], {}, 'shop pay media'],
    [['.'], {}, 'shop'],
    [['shop'], {}, 'shop'],
    [['pay'], {}, 'pay'],
    [['pay', 'media'], {}, 'pay media'],
    [['.', 'pay'], {}, 'shop pay'],
    [['~'], {}, ''],
    [['~', 'pay'], {}, ''],
    [['~', '*'], {}, 'shop pay media'],
    [['*', 'pay'], {}, 'shop pay media'],
    [[], onlyOwn, 'shop'],
    [['*'], onlyOwn, 'shop pay media'],
    [['pay'], onlyOwn, 'pay'],
    [[], { defaultServiceExportTo: ['~'] }, ''],
    [[], { defaultServiceExportTo: ['pay', '.'] }, 'shop pay'],
  ])('%j under %j: %s', (exportTo, mesh, expected) => {
    expect(seenBy(exportTo, mesh)).toBe(expected);
  });

  it('lists a service once for a namespace that is named twice', () => {
    const orders = kubernetesService('orders.shop', { exportTo: ['.', 'shop'] });
    expect(snapshotOf({ services: [orders] }).services.visibleTo('shop')).toEqual([orders]);
  });

  it('lists what is exported to a namespace before what is public, each oldest first', () => {
    const services = [
      kubernetesService('a.shop', { creationTime: 4, exportTo: ['pay'] }),
      kubernetesService('b.pay', { creationTime: 3, exportTo: ['.'] }),
      kubernetesService('c.shop', { creationTime: 2 }),
      kubernetesService('d.shop', { creationTime: 1 }),
    ];
    const names = snapshotOf({ services })
      .services.visibleTo('pay')
      .map(({ attributes }) => attributes.name);
    expect(names).toEqual(['b', 'a', 'd', 'c']);
  });
});

describe('serviceEntryVisibility', () => {
  const limited = (
    visibility: 'NAMESPACE' | 'NONE' | 'PUBLIC',
    applyToSidecars = true,
  ): ServiceEntryVisibility => ({
    applyToSidecars,
    scopes: [{ visibility }],
  });
  it.each([
    [['*'], limited('NAMESPACE'), 'shop'],
    [['.'], limited('NAMESPACE'), 'shop'],
    [['shop', 'pay'], limited('NAMESPACE'), 'shop'],
    [['pay'], limited('NAMESPACE'), ''],
    [['~'], limited('NAMESPACE'), ''],
    [['*'], limited('NONE'), ''],
    [['pay'], limited('PUBLIC'), 'pay'],
    [['*'], limited('NONE', false), 'shop pay media'],
  ])('narrows %j by %j to "%s"', (exportTo, serviceEntryVisibility, expected) => {
    expect(seenBy(exportTo, { serviceEntryVisibility }, 'External')).toBe(expected);
  });

  it('does not concern Kubernetes services', () => {
    expect(seenBy(['*'], { serviceEntryVisibility: limited('NONE') })).toBe('shop pay media');
  });

  it('takes the first scope whose selector fits the labels of the namespace', () => {
    const selector = (team: string) => ({ matchLabels: { team }, matchExpressions: [] });
    const serviceEntryVisibility: ServiceEntryVisibility = {
      applyToSidecars: true,
      scopes: [
        { visibility: 'NONE', namespaceSelector: selector('b') },
        { visibility: 'NAMESPACE', namespaceSelector: selector('a') },
        { visibility: 'NONE' },
      ],
    };
    expect(seenBy(['*'], { serviceEntryVisibility }, 'External')).toBe('shop');
  });

  it('leaves a service alone whose namespace fits no scope', () => {
    const scopes = [
      {
        visibility: 'NONE' as const,
        namespaceSelector: { matchLabels: { team: 'z' }, matchExpressions: [] },
      },
    ];
    expect(seenBy([], { serviceEntryVisibility: { applyToSidecars: true, scopes } }, 'External')).toBe(
      'shop pay media',
    );
  });
});
