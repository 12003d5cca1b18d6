import { describe, expect, test } from 'vitest';
import { PortVirtualHosts } from '../../../../src/translate/grpc/port-virtual-hosts.js';

const hosts = new PortVirtualHosts();
hosts.add({ name: 'all', domains: ['*', '*:7070'] });
hosts.add({ name: 'exact', domains: ['Orders.example.com', 'orders.example.com:7070', '[2001:db8::1]'] });
hosts.add({ name: 'wild', domains: ['*.example.com:7070'] });
hosts.add({ name: 'narrow', domains: ['*.orders.example.com'] });

describe('virtual hosts of a port are found', () => {
  test.each([
    ['orders.example.com', 7070, ['all', 'exact', 'wild']],
    ['ORDERS.example.com', 7071, ['all', 'exact']],
    ['a.orders.example.com', 7071, ['all', 'narrow']],
    ['a.orders.example.com', 7070, ['all', 'wild', 'narrow']],
    ['2001:db8::1', 7070, ['all', 'exact']],
    ['example.com', 7070, ['all']],
    ['*.orders.example.com', 7070, ['all', 'wild', 'narrow']],
    ['*.com', 7070, ['all', 'wild', 'narrow']],
  ])('for %s on port %d', (hostname, port, names) => {
    expect(hosts.for({ hostname, port }).map(({ name }) => name)).toEqual(names);
  });
});
