import { describe, expect, it } from 'vitest';
import { EgressHosts } from '../../../src/mesh/egress-hosts.js';

function imports(hosts: readonly string[], namespace: string, host: string): boolean {
  const concerning = new EgressHosts(hosts, 'shop').concerning(namespace);
  return (
    concerning.some((each) => each.importsService(host)) && !concerning.some((each) => each.excludes(host))
  );
}

describe('the hosts of an egress listener', () => {
  it.each([
    [['*/*'], 'pay', 'cards.pay', true],
    [['./*'], 'shop', 'orders.shop', true],
    [['./*'], 'pay', 'cards.pay', false],
    [['pay/*'], 'pay', 'cards.pay', true],
    [['pay/cards.pay'], 'pay', 'cards.pay', true],
    [['pay/cards.pay'], 'pay', 'other.pay', false],
    [['*/cards.pay'], 'media', 'cards.pay', true],
    [['*/*.pay'], 'pay', 'cards.pay', true],
    [['*/*.pay'], 'pay', '*.pay', true],
    [['*/*.pay'], 'pay', '*.cards.pay', true],
    [['*/*.cards.pay'], 'pay', '*.pay', false],
    [['*/*.pay'], 'pay', 'pay', false],
    [['pay/other', '*/*'], 'pay', 'cards.pay', true],
    [['*/*', '~/cards.pay'], 'pay', 'cards.pay', false],
    [['*/*', '~*/cards.pay'], 'pay', 'cards.pay', false],
    [['*/*', '~pay/*'], 'pay', 'cards.pay', false],
    [['*/*', '~media/*'], 'pay', 'cards.pay', true],
    [['*/*', '~./*'], 'shop', 'orders.shop', false],
    [['*/*', '~pay/*.pay'], 'pay', 'cards.pay', false],
    [['*/*', '~pay/x.cards.pay'], 'pay', 'cards.pay', true],
    [['~pay/x'], 'pay', 'cards.pay', false],
    [['cards.pay', 'a/b/c'], 'pay', 'cards.pay', false],
  ])('%j for %s/%s: %s', (hosts, namespace, host, expected) => {
    expect(imports(hosts, namespace, host)).toBe(expected);
  });

  it.each([
    [['pay/cards.pay', './orders.shop'], true],
    [['pay/cards.pay', '~/*'], true],
    [['pay/*'], false],
    [['pay/*.pay'], false],
    [['*/cards.pay'], false],
  ])('%j are all exact: %s', (hosts, expected) => {
    expect(new EgressHosts(hosts, 'shop').allExact).toBe(expected);
  });

  it.each([
    [['*/*.pay'], 'cards.pay', true],
    [['*/cards.pay'], 'cards.pay', true],
    [['*/cards.pay'], '*.pay', true],
    [['*/cards.pay'], 'other.pay', false],
    [['*/*.cards.pay'], '*.pay', true],
    [['*/*.media'], '*.pay', false],
  ])('%j import routes for %s: %s', (hosts, host, expected) => {
    const concerning = new EgressHosts(hosts, 'shop').concerning('pay');
    expect(concerning.some((each) => each.importsRoutes(host))).toBe(expected);
  });
});
