import { describe, expect, it } from 'vitest';
import type { IstioIngressListener } from '../../../../src/config/kinds/networking.js';
import type { ProxyContext } from '../../../../src/mesh/snapshot.js';
import type { Service } from '../../../../src/model/service.js';
import { destinationRule, kubernetesService, sidecar, type TestInput } from '../../mesh/builders.js';
import { clusterOf, clustersOf, contextOf } from './fixtures.js';

const cart = kubernetesService('cart.shop', { ports: [80, 81] });
const alsoCart = kubernetesService('also-cart.shop', { ports: [80] });

/** A proxy beside a workload that serves ports of services, each given as service, index of its port, target port. */
function serverOf(
  targets: readonly (readonly [Service, number, number])[],
  input: TestInput = {},
  metadata: Readonly<Record<string, unknown>> = {},
): ProxyContext {
  const serviceTargets = targets.flatMap(([service, index, targetPort]) => {
    const port = service.ports[index];
    return port === undefined ? [] : [{ service, port, targetPort }];
  });
  return { ...contextOf({ services: [cart, alsoCart], ...input }, metadata), serviceTargets };
}

function inboundNames(context: ProxyContext): string[] {
  return [...clustersOf(context).keys()].filter((name) => name.startsWith('inbound|'));
}

function hostsOf(context: ProxyContext, name: string): string[] {
  const json = JSON.stringify(clusterOf(context, name)['metadata'] ?? {});
  return [...json.matchAll(/"host":"([^"]*)"/g)].map(([, host]) => host ?? '');
}

describe('inbound clusters of services', () => {
  it('are one for each port of the workload, and go where the connection was going', () => {
    const context = serverOf([
      [cart, 0, 8080],
      [cart, 1, 8081],
      [alsoCart, 0, 8080],
    ]);
    expect(inboundNames(context)).toEqual(['inbound|8080||', 'inbound|8081||']);
    expect(clusterOf(context, 'inbound|8080||')).toMatchObject({
      type: 'ORIGINAL_DST',
      lb_policy: 'CLUSTER_PROVIDED',
      cleanup_interval: '9223372035s',
      upstream_bind_config: { source_address: { address: '127.0.0.6', port_value: 0 } },
      common_lb_config: {},
    });
  });

  it('name the services that share the port of the first one', () => {
    const context = serverOf([
      [cart, 0, 8080],
      [cart, 1, 8080],
      [alsoCart, 0, 8080],
    ]);
    expect(hostsOf(context, 'inbound|8080||')).toEqual([cart.hostname, alsoCart.hostname]);
    const other = serverOf([
      [cart, 1, 8080],
      [alsoCart, 0, 8080],
    ]);
    expect(hostsOf(other, 'inbound|8080||')).toEqual([cart.hostname]);
  });

  it('go to loopback where the mesh says so, from an address of their own', () => {
    const context = serverOf([[cart, 0, 8080]], { mesh: { inboundTrafficPolicy: 'LOCALHOST' } });
    const cluster = clusterOf(context, 'inbound|8080||');
    expect(cluster).toMatchObject({ type: 'STATIC' });
    expect(JSON.stringify(cluster['load_assignment'])).toContain('"address":"127.0.0.1","port_value":8080');
    expect(cluster).not.toHaveProperty('upstream_bind_config');
  });

  it('are none for a proxy that intercepts nothing, but for what is passed through', () => {
    const context = serverOf([[cart, 0, 8080]], {}, { INTERCEPTION_MODE: 'NONE' });
    expect(inboundNames(context)).toEqual([]);
    expect(clustersOf(context).has('InboundPassthroughCluster')).toBe(true);
  });

  it('have the limits of the rule for the service, or those of the Sidecar in their place', () => {
    const tcp = { maxConnections: 5 };
    const destinationRules = [
      destinationRule('shop/cart', { host: cart.hostname, trafficPolicy: { connectionPool: { tcp } } }),
    ];
    const limits = (context: ProxyContext) => clusterOf(context, 'inbound|8080||')['circuit_breakers'];
    const unlimited = 0xffff_ffff;
    expect(limits(serverOf([[cart, 0, 8080]], { objects: { destinationRules } }))).toMatchObject({
      thresholds: [{ max_connections: 5 }],
    });
    const inboundConnectionPool = { http: { http1MaxPendingRequests: 7 } };
    const sidecars = [sidecar('shop/default', [['*/*']], { inboundConnectionPool })];
    expect(limits(serverOf([[cart, 0, 8080]], { objects: { destinationRules, sidecars } }))).toMatchObject({
      thresholds: [{ max_connections: unlimited, max_pending_requests: 7 }],
    });
  });
});

describe('inbound clusters of a Sidecar with ingress', () => {
  function listener(number: number, defaultEndpoint: string): IstioIngressListener {
    return {
      port: { number, protocol: 'HTTP', name: 'in' },
      bind: '',
      captureMode: 'DEFAULT',
      defaultEndpoint,
    };
  }

  function withIngress(...ingress: IstioIngressListener[]): ProxyContext {
    const sidecars = [sidecar('shop/in', [['*/*']], { ingress })];
    return serverOf([[cart, 0, 8080]], { objects: { sidecars } }, { INTERCEPTION_MODE: 'NONE' });
  }

  it('take the place of those of services, even where nothing is intercepted', () => {
    expect(inboundNames(withIngress(listener(9000, '127.0.0.1:9001')))).toEqual(['inbound|9000||']);
  });

  it('go to the endpoint of the listener, and bind unless that is loopback', () => {
    const context = withIngress(
      listener(9000, '127.0.0.1:9001'),
      listener(9002, 'unix:///app.sock'),
      listener(9003, ''),
    );
    const endpointOf = (name: string) => JSON.stringify(clusterOf(context, name)['load_assignment']);
    expect(endpointOf('inbound|9000||')).toContain('"address":"127.0.0.1","port_value":9001');
    expect(endpointOf('inbound|9002||')).toContain('"path":"/app.sock"');
    expect(clusterOf(context, 'inbound|9003||')).toMatchObject({ type: 'ORIGINAL_DST' });
    const bound = ['inbound|9000||', 'inbound|9002||', 'inbound|9003||'].map(
      (name) => 'upstream_bind_config' in clusterOf(context, name),
    );
    expect(bound).toEqual([false, true, true]);
  });

  it('name the service that has the port, if one does', () => {
    const context = withIngress(listener(8080, ''), listener(9000, ''));
    expect(hostsOf(context, 'inbound|8080||')).toEqual([cart.hostname]);
    expect(clusterOf(context, 'inbound|9000||')).not.toHaveProperty('metadata');
  });
});
