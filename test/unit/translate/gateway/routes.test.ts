import { describe, expect, it } from 'vitest';
import { finish } from '../../../../src/base/piecewise.js';
import type { GatewayServer } from '../../../../src/config/kinds/networking.js';
import { decodeToJson, type JsonObject } from '../../../../src/envoy/json.js';
import { resolveProxy } from '../../../../src/mesh/proxy-context.js';
import type { Snapshot } from '../../../../src/mesh/snapshot.js';
import { Memo } from '../../../../src/translate/memo.js';
import { translateRoutes } from '../../../../src/translate/route/routes.js';
import type { Translation } from '../../../../src/translate/translation.js';
import { kubernetesService, object, proxyOf, snapshotOf, virtualService } from '../../mesh/builders.js';

const orders = kubernetesService('orders.shop');

function http(name: string, protocol = 'HTTP'): GatewayServer {
  return { port: { number: 80, protocol, name }, bind: '', hosts: ['*'], defaultEndpoint: '', name: '' };
}

function snapshot(...servers: readonly GatewayServer[]): Snapshot {
  const gateways = [object('Gateway', 'edge/main', { selector: { istio: 'edge' }, servers })];
  const virtualServices = [
    virtualService('shop/orders', {
      hosts: ['orders.example.com'],
      gateways: ['edge/main'],
      http: [{ route: [{ destination: { host: orders.hostname } }] }],
    }),
  ];
  return snapshotOf({ services: [orders], objects: { gateways, virtualServices } });
}

function translation(mesh: Snapshot, name: string, istio: string, memo = new Memo()): Translation {
  const context = resolveProxy(mesh, proxyOf('edge', { LABELS: { istio } }, 'router'));
  return finish(translateRoutes(context, memo, new Set([name])));
}

function routes(mesh: Snapshot, name: string, istio = 'edge'): readonly JsonObject[] {
  return translation(mesh, name, istio).resources.map(({ typeUrl, body }) => decodeToJson(typeUrl, body));
}

describe('routes of a router', () => {
  it('have the hosts of VirtualServices of its Gateways', () => {
    expect(routes(snapshot(http('http')), 'http.80')).toMatchObject([
      { virtual_hosts: [{ name: 'orders.example.com:80', domains: ['orders.example.com'] }] },
    ]);
  });

  it('are empty for a name that no server has, and for a router that no Gateway is for', () => {
    const mesh = snapshot(http('http'));
    expect(routes(mesh, 'http.81')).toEqual([{ name: 'http.81', validate_clusters: false }]);
    expect(routes(mesh, 'http.80', 'other')).toEqual([{ name: 'http.80', validate_clusters: false }]);
  });

  it('are the very same for routers that are alike', () => {
    const mesh = snapshot(http('http'));
    const memo = new Memo();
    const [one] = translation(mesh, 'http.80', 'edge', memo).resources;
    const [other] = translation(mesh, 'http.80', 'edge', memo).resources;
    expect(other).toBe(one);
  });
});
