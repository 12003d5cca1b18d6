import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { run } from './run-command.js';

const golden = (name: string): string => fileURLToPath(new URL(`../../golden/${name}`, import.meta.url));
const routed = golden('virtualservice/match-uri');

describe('route', () => {
  test('prints the way of a request', async () => {
    const { code, result } = await run('route', 'GET', 'http://orders/orders/1', routed, '--proxy', 'client');
    expect(code).toBe(0);
    expect(result).toContain('listener (10.96.60.10:80): 0.0.0.0_80');
    expect(result).toContain('route 1 exact of VirtualService shop/orders: /orders/1');
    expect(result).toContain('10.60.1.10:8080');
  });

  test('prints it as JSON', async () => {
    const { code, result } = await run(
      'route',
      'GET',
      'http://orders/',
      routed,
      '--proxy',
      'client',
      '-o',
      'json',
    );
    expect(code).toBe(0);
    expect(JSON.parse(result)).toMatchObject({ outcome: 'sent', request: { method: 'GET', host: 'orders' } });
  });

  test('follows a recorded answer as well', async () => {
    const recorded = `${routed}/expected/client.json`;
    const { code, result } = await run('route', 'GET', 'http://orders.shop/', recorded);
    expect(code).toBe(0);
    expect(result).toContain('outbound|80||orders.shop.svc.cluster.local');
  });

  test('exits with 1 if the request gets to no endpoint', async () => {
    const registryOnly = golden('mesh/outbound-registry-only');
    const { code, result } = await run(
      'route',
      'GET',
      'http://a.example.com/',
      registryOnly,
      '--proxy',
      'client',
    );
    expect(code).toBe(1);
    expect(result).toContain('=> answered with 502');
  });

  test.each([
    [['GET', 'orders', routed, '--proxy', 'client'], '"orders" is no URL'],
    [['GET', 'http://orders/', routed], 'no proxy that the request goes through'],
    [['GET', 'http://orders/', routed, '--proxy', 'nobody'], 'there is no proxy "nobody"'],
    [['GET', 'http://orders/', 'xds://127.0.0.1:1'], 'knows no proxies by name'],
    [['GET', 'http://orders/', routed, '--proxy', 'client', '-H', 'x'], '"x" is no header'],
  ])('%j exits with 2 and says why', async (words, says) => {
    const { code, said } = await run('route', ...words);
    expect(code).toBe(2);
    expect(said).toContain(says);
  });
});
