/** Requests through what Istio served, as it was recorded. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { explainRoute, type ServedResources } from '../../../../src/explain/route/explain-route.js';
import { routeReport } from '../../../../src/explain/route/report.js';
import { parseRequest, type RequestDescription } from '../../../../src/explain/route/request.js';

async function served(name: string): Promise<ServedResources> {
  const file = new URL(`../../../golden/${name}.json`, import.meta.url);
  return JSON.parse(await readFile(fileURLToPath(file), 'utf8')) as ServedResources;
}

async function explained(name: string, url: string, changes: Partial<RequestDescription> = {}) {
  const request = parseRequest({ method: 'GET', url, headers: [], ...changes });
  return explainRoute(await served(name), request, { dnsDomain: 'shop.svc.cluster.local' });
}

const uris = 'virtualservice/match-uri/expected/client';
const weights = 'virtualservice/weights-subsets/expected/client';
const redirects = 'virtualservice/rewrite-redirect-direct/expected/client';

describe('a request', () => {
  test('goes by the first route that takes it, to the endpoints of its cluster', async () => {
    const explanation = await explained(uris, 'http://orders/orders/1');
    expect(explanation).toMatchObject({
      outcome: 'sent',
      listener: { name: '0.0.0.0_80', destination: '10.96.60.10:80' },
      routeConfiguration: { name: '80' },
      virtualHost: { name: 'orders.shop.svc.cluster.local:80' },
      routes: [{ place: 1, name: 'exact', object: 'VirtualService shop/orders', matched: true }],
    });
    expect(explanation.clusters[0]?.endpoints.map(({ health }) => health)).toContain('HEALTHY');
  });

  test('passes by routes that are for others, each with its reason', async () => {
    const { routes } = await explained(uris, 'http://orders.shop.svc.cluster.local/elsewhere');
    expect(routes.map(({ matched }) => matched)).toEqual([false, false, false, false, false, true]);
    expect(routes[0]?.because).toEqual(['the path /elsewhere is not /orders/1']);
  });

  test('is shared out by weight', async () => {
    const { clusters, outcome } = await explained(weights, 'http://orders/split');
    expect(outcome).toBe('sent');
    expect(clusters.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(100);
    expect(clusters.length).toBeGreaterThan(1);
  });

  test.each([
    [
      'mesh/outbound-registry-only/expected/client',
      'http://nowhere.example.com/',
      'answered with 502, without being sent on',
    ],
    [
      'mesh/outbound-registry-only/expected/client',
      'http://nowhere.example.com:999/',
      'passed on as TCP, unread, to BlackHoleCluster, which has no endpoint for it',
    ],
    [uris, 'http://nowhere.example.com/', 'sent to PassthroughCluster'],
    [
      'gateway/no-virtual-service/expected/edge',
      'http://a.example.com:8080/',
      'no route of the virtual host takes the request, so the proxy answers with 404',
    ],
    [
      'gateway/https-simple-credential/expected/edge',
      'http://orders.example.com:8080/',
      'redirected with 301',
    ],
    [
      'gateway/http/expected/edge',
      'http://a.example.com:999/',
      'no listener takes the connection: it does not go through the proxy',
    ],
  ])('through %s to %s: %s', async (name, url, summary) => {
    expect((await explained(name, url)).summary).toContain(summary);
  });

  test.each([
    ['/go', 'redirected with 308 to https://other.example.com:8443/there'],
    ['/secure/a?b', 'redirected with 302 to https://orders/secure/a?b'],
    ['/hello', 'answered with 200, without being sent on'],
    ['/nothing', 'answered with 503, without being sent on'],
  ])('to %s is %s', async (path, summary) => {
    expect((await explained(redirects, `http://orders${path}`)).summary).toBe(summary);
  });

  test('is told with what is done to it', async () => {
    const report = routeReport(await explained(redirects, 'http://orders/old'));
    expect(report).toMatch(/^GET http:\/\/orders\/old\n/);
    expect(report).toContain('the matched part of the path becomes /new');
    expect(report).toContain('the host becomes inner.shop');
    expect(report).toMatch(/\n=> sent to outbound\|/);
  });

  test('whose port may carry anything goes by the listener of its service', async () => {
    const name = 'rules/s7-routes-listeners/expected/in-shop';
    const explanation = await explained(name, 'http://anything:9090/x');
    expect(explanation).toMatchObject({
      listener: { name: '10.96.81.12_9090' },
      routeConfiguration: { name: 'anything.shop.svc.cluster.local:9090' },
    });
  });

  test('goes by a listener on the loopback address where nothing is intercepted', async () => {
    const name = 'sidecar/interception-mode-none/expected/server';
    const explanation = await explained(name, 'http://orders:8000/');
    expect(explanation).toMatchObject({ outcome: 'sent', listener: { name: '127.0.0.1_8000' } });
    expect(explanation.listener?.why).toContain('has to connect to 127.0.0.1:8000 itself');
    expect(await explained(name, 'http://192.0.2.9:8000/')).toMatchObject({ outcome: 'not-taken' });
  });

  test('goes by the listener that is named', async () => {
    const name = 'rules/s7-routes-listeners/expected/in-shop';
    const explanation = await explained(name, 'http://orders/', { listener: '127.0.0.1_15080' });
    expect(explanation.routeConfiguration?.name).toBe('http_proxy');
    expect(await explained(name, 'http://orders/', { listener: 'none' })).toMatchObject({
      outcome: 'not-taken',
    });
  });
});
