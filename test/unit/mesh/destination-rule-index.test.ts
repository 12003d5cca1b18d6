import { describe, expect, it } from 'vitest';
import type { MergedDestinationRule } from '../../../src/mesh/snapshot.js';
import type { DestinationRule } from '../../../src/config/kinds/traffic-policy.js';
import { destinationRule, entryService, kubernetesService, snapshotOf, type TestInput } from './builders.js';

const orders = kubernetesService('orders.shop');
const host = orders.hostname;

type Rule = ReturnType<typeof destinationRule>;

function indexOf(rules: readonly Rule[], mesh: TestInput['mesh'] = {}) {
  return snapshotOf({ objects: { destinationRules: rules }, mesh }).destinationRules;
}

function named(rule: MergedDestinationRule | undefined): string | undefined {
  return rule && `${rule.namespace}/${rule.name}`;
}

function rule(key: string, spec: Partial<DestinationRule> = {}, time = 0): Rule {
  return destinationRule(key, { host, ...spec }, time);
}

function subset(name: string): DestinationRule['subsets'][number] {
  return { name, labels: { version: name } };
}

describe('which rule a client has for a service', () => {
  const all = [rule('media/mine'), rule('shop/theirs'), rule('istio-system/everybody')];
  it.each([
    ['its own namespace’s', all, 'media', 'media/mine'],
    ['the service’s namespace’s', all, 'pay', 'shop/theirs'],
    ['the root namespace’s', [...all.slice(2)], 'pay', 'istio-system/everybody'],
    ['the service’s, for a client in the root namespace', all, 'istio-system', 'shop/theirs'],
    ['none', [rule('lab/other')], 'pay', undefined],
  ])('is %s', (_which, rules, client, expected) => {
    expect(named(indexOf(rules).forOutbound(orders, client, {}))).toBe(expected);
  });

  it.each([
    [[], 'shop pay media'],
    [['*'], 'shop pay media'],
    [['.'], 'shop'],
    [['shop'], 'shop'],
    [['pay'], 'pay'],
    [['.', 'pay'], 'shop pay'],
    [['pay', 'media'], 'pay media'],
  ])('is seen with exportTo %j by %s', (exportTo, expected) => {
    const index = indexOf([rule('shop/rule', { exportTo })]);
    const seenBy = ['shop', 'pay', 'media'].filter(
      (client) => index.forOutbound(orders, client, {}) !== undefined,
    );
    expect(seenBy.join(' ')).toBe(expected);
  });

  it('stays in its namespace when the mesh says so and it says nothing', () => {
    const mesh = { defaultDestinationRuleExportTo: ['.'] };
    const index = indexOf([rule('shop/silent')], mesh);
    expect(named(index.forOutbound(orders, 'shop', {}))).toBe('shop/silent');
    expect(index.forOutbound(orders, 'pay', {})).toBeUndefined();
    expect(
      named(indexOf([rule('shop/loud', { exportTo: ['*'] })], mesh).forOutbound(orders, 'pay', {})),
    ).toBe('shop/loud');
  });

  it('is not that of the client’s namespace which is only for others', () => {
    const index = indexOf([rule('media/for-pay', { exportTo: ['pay'] }), rule('shop/theirs')]);
    expect(named(index.forOutbound(orders, 'media', {}))).toBe('shop/theirs');
  });

  it('is in the root namespace first the one that is private to it', () => {
    const rules = [
      rule('istio-system/private', { exportTo: ['.'] }),
      rule('istio-system/public'),
      rule('shop/theirs'),
    ];
    const index = indexOf(rules);
    expect(named(index.forOutbound(orders, 'istio-system', {}))).toBe('istio-system/private');
    expect(named(index.forOutbound(orders, 'pay', {}))).toBe('shop/theirs');
  });

  it('goes on to the root namespace when none of the service’s namespace is exported to the client', () => {
    const index = indexOf([
      rule('shop/for-media', { exportTo: ['media', '.'] }),
      rule('istio-system/everybody'),
    ]);
    expect(named(index.forOutbound(orders, 'pay', {}))).toBe('istio-system/everybody');
  });

  it('is that of the most specific host of the first pool that has one', () => {
    const hosts = ['*', '*.local', '*.shop.svc.cluster.local'];
    const index = indexOf([
      ...hosts.map((each, at) => destinationRule(`shop/w${at}`, { host: each })),
      destinationRule('media/any', { host: '*.local' }),
      rule('shop/exact'),
    ]);
    expect(named(index.forOutbound(orders, 'pay', {}))).toBe('shop/exact');
    expect(named(index.forOutbound(kubernetesService('x.shop'), 'pay', {}))).toBe('shop/w2');
    expect(named(index.forOutbound(entryService('x.local', 'shop'), 'pay', {}))).toBe('shop/w1');
    expect(named(index.forOutbound(entryService('*.example.com', 'shop'), 'pay', {}))).toBe('shop/w0');
    expect(named(index.forOutbound(orders, 'media', {}))).toBe('media/any');
  });

  it('is for a short host as it is meant in the namespace of the rule', () => {
    const index = indexOf([destinationRule('shop/short', { host: 'orders' })]);
    const found = index.forOutbound(orders, 'pay', {});
    expect(found?.host).toBe(host);
    expect(index.forOutbound(kubernetesService('orders.pay'), 'pay', {})).toBeUndefined();
  });
});

describe('rules with a workload selector', () => {
  const batch = rule('media/batch', { workloadSelector: { matchLabels: { role: 'batch' } } }, 5);
  const general = rule('media/general', {}, 1);

  it('are for clients of their namespace that they select; the others have the one without', () => {
    const index = indexOf([general, batch]);
    expect(named(index.forOutbound(orders, 'media', { role: 'batch', app: 'x' }))).toBe('media/batch');
    expect(named(index.forOutbound(orders, 'media', { role: 'web' }))).toBe('media/general');
    expect(indexOf([batch]).forOutbound(orders, 'media', {})).toBeUndefined();
    expect(indexOf([batch]).forOutbound(orders, 'pay', { role: 'batch' })).toBeUndefined();
  });

  it('keep the rules of other namespaces out even from those that they do not select', () => {
    expect(indexOf([batch, rule('shop/theirs')]).forOutbound(orders, 'media', {})).toBeUndefined();
  });

  it('do not concern servers', () => {
    const index = indexOf([general, batch]);
    expect(named(index.forInbound(orders, 'media'))).toBe('media/general');
    expect(indexOf([batch]).forInbound(orders, 'media')).toBeUndefined();
  });

  it('take up a rule without selector that is as private as they are, as in Istio', () => {
    const hidden = rule('media/private', { exportTo: ['.'], subsets: [subset('v2')] });
    const index = indexOf([hidden, batch]);
    expect(index.forOutbound(orders, 'media', { role: 'batch' })?.subsets).toEqual([subset('v2')]);
    expect(index.forOutbound(orders, 'media', {})).toBeUndefined();
  });

  it('are merged with those of the same selector only', () => {
    const same = rule(
      'media/same',
      { workloadSelector: { matchLabels: { role: 'batch' } }, subsets: [subset('a')] },
      6,
    );
    const other = rule(
      'media/other',
      { workloadSelector: { matchLabels: { role: 'web' } }, subsets: [subset('b')] },
      7,
    );
    const index = indexOf([batch, same, other]);
    expect(index.forOutbound(orders, 'media', { role: 'batch' })?.subsets).toEqual([subset('a')]);
    expect(index.forOutbound(orders, 'media', { role: 'web' })?.subsets).toEqual([subset('b')]);
  });
});

describe('rules of one host', () => {
  it('become one with the subsets of all and the first policy, oldest first', () => {
    const tls = { tls: { mode: 'DISABLE' as const } };
    const rules = [
      rule(
        'shop/third',
        { subsets: [subset('c')], trafficPolicy: { loadBalancer: { simple: 'RANDOM' } } },
        3,
      ),
      rule('shop/first', { subsets: [subset('a')] }, 1),
      rule('shop/second', { subsets: [{ name: 'a', labels: {} }, subset('b')], trafficPolicy: tls }, 2),
    ];
    expect(indexOf(rules).forOutbound(orders, 'pay', {})).toEqual({
      name: 'first',
      namespace: 'shop',
      host,
      trafficPolicy: tls,
      subsets: [subset('a'), subset('b'), subset('c')],
      exportTo: [],
      from: [rules[1], rules[2], rules[0]],
    });
  });

  it('are not merged over namespaces', () => {
    const index = indexOf([
      rule('shop/a', { subsets: [subset('a')] }),
      rule('istio-system/b', { subsets: [subset('b')] }),
    ]);
    expect(index.forOutbound(orders, 'pay', {})?.subsets).toEqual([subset('a')]);
  });

  it('are merged into one that is exported to fewer namespaces, which then have it alone, as in Istio', () => {
    const index = indexOf([
      rule('shop/old', { exportTo: ['shop', 'lab'], subsets: [subset('a')] }, 1),
      rule('shop/new', { exportTo: ['lab', 'shop', 'pay'], subsets: [subset('b')] }, 2),
    ]);
    expect(index.forOutbound(orders, 'lab', {})?.subsets).toEqual([subset('a'), subset('b')]);
    expect(index.forOutbound(orders, 'pay', {})).toBeUndefined();
  });

  it('are kept apart when one is exported to other namespaces; the last that a client sees counts', () => {
    const index = indexOf([
      rule('shop/all', { exportTo: ['*'], subsets: [subset('a')] }, 1),
      rule('shop/pay', { exportTo: ['pay'], subsets: [subset('b')] }, 2),
    ]);
    expect(index.forOutbound(orders, 'pay', {})?.subsets).toEqual([subset('b')]);
    expect(index.forOutbound(orders, 'lab', {})?.subsets).toEqual([subset('a')]);
    expect(index.forOutbound(orders, 'shop', {})?.subsets).toEqual([subset('a')]);
  });

  it('are both merged and kept when a rule apart stands between them, as in Istio', () => {
    const index = indexOf([
      rule('shop/z-three', { exportTo: ['*'], subsets: [subset('z1')] }, 1),
      rule('shop/z-two', { exportTo: ['pay'], subsets: [subset('z2')] }, 2),
      rule('shop/z-one', { exportTo: ['*'], subsets: [subset('z3')] }, 3),
    ]);
    expect(named(index.forOutbound(orders, 'lab', {}))).toBe('shop/z-one');
    expect(index.forOutbound(orders, 'shop', {})?.subsets).toEqual([subset('z1'), subset('z3')]);
  });
});

describe('the sharing of merged rules', () => {
  it('is with snapshots in which their objects did not change', () => {
    const a = rule('shop/a', { subsets: [subset('a')] }, 1);
    const b = rule('shop/b', { subsets: [subset('b')] }, 2);
    const before = snapshotOf({ objects: { destinationRules: [a, b] } });
    const known = before.destinationRules.forOutbound(orders, 'pay', {});
    expect(before.destinationRules.forOutbound(orders, 'shop', {})).toBe(known);
    const other = destinationRule('shop/other', { host: 'other.example.com' });
    const after = snapshotOf({ objects: { destinationRules: [a, other, b] } }, before);
    expect(after.destinationRules).not.toBe(before.destinationRules);
    expect(after.destinationRules.forOutbound(orders, 'pay', {})).toBe(known);
    const edited = snapshotOf({ objects: { destinationRules: [a, rule('shop/b', {}, 2)] } }, after);
    expect(edited.destinationRules.forOutbound(orders, 'pay', {})).not.toBe(known);
  });
});
