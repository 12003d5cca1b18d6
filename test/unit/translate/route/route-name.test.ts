import { describe, expect, test } from 'vitest';
import { parseRouteName, serviceRoutes } from '../../../../src/translate/route/route-name.js';

describe('the name of a sidecar’s routes', () => {
  test.each([
    ['80', { name: '80', port: 80 }],
    ['http_proxy', { name: 'http_proxy', port: 0 }],
    ['unix:///var/run/one.sock', { name: 'unix:///var/run/one.sock', port: 0 }],
    ['orders.shop:8080', { name: 'orders.shop:8080', port: 8080, hostname: 'orders.shop' }],
    ['[2001:db8::1]:80', undefined],
    ['orders.shop', undefined],
    ['orders.shop:http', undefined],
    ['http.80', undefined],
    ['', undefined],
  ])('"%s"', (name, parsed) => {
    expect(parseRouteName(name)).toEqual(parsed);
  });

  test('is read as it is written', () => {
    expect(parseRouteName(serviceRoutes('orders.shop', 80))).toMatchObject({
      port: 80,
      hostname: 'orders.shop',
    });
  });
});
