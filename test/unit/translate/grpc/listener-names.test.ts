import { describe, expect, it, test } from 'vitest';
import { readListenerNames } from '../../../../src/translate/grpc/listener-names.js';

const client = { namespace: 'shop', dnsDomain: 'shop.svc.cluster.local' };

function hostsOf(...names: string[]): Record<string, { names: string[]; ports: string[] | 'all' }> {
  const { hosts } = readListenerNames(names, client);
  return Object.fromEntries(
    [...hosts].map(([host, asked]) => [
      host,
      { names: [...asked.names], ports: asked.ports === 'all' ? 'all' : [...asked.ports] },
    ]),
  );
}

describe('names of listeners', () => {
  test.each(['orders', 'orders.shop', 'orders.shop.svc'])('%s stands for a name in full', (host) => {
    const asked = { names: [host], ports: ['7070'] };
    expect(hostsOf(`${host}:7070`)).toEqual({ [host]: asked, 'orders.shop.svc.cluster.local': asked });
  });

  test.each(['orders.pay', 'orders.shop.svc.cluster.local', 'rates.example.com'])(
    '%s is a name in full',
    (host) => {
      expect(hostsOf(`${host}:7070`)).toEqual({ [host]: { names: [host], ports: ['7070'] } });
    },
  );

  it('go together for one host: names and ports', () => {
    expect(hostsOf('orders:7070', 'orders.shop:7071')['orders.shop.svc.cluster.local']).toEqual({
      names: ['orders', 'orders.shop'],
      ports: ['7070', '7071'],
    });
  });

  it('mean all ports when one is without a port, in any order', () => {
    const names = ['rates.example.com:1', 'rates.example.com', 'rates.example.com:2'];
    const all = { 'rates.example.com': { names: ['rates.example.com'], ports: 'all' } };
    expect(hostsOf(...names)).toEqual(all);
    expect(hostsOf(...names.toReversed())).toEqual(all);
  });

  it('may be of a server’s own listeners', () => {
    const own = 'xds.istio.io/grpc/lds/inbound/0.0.0.0:7070';
    const { hosts, servers } = readListenerNames([own], client);
    expect([...hosts]).toEqual([]);
    expect(servers).toEqual([own]);
  });
});
