import { describe, expect, it } from 'vitest';
import type { ServiceSettings } from '../../../src/config/mesh-config.js';
import { isClusterLocal } from '../../../src/mesh/cluster-local.js';
import { meshConfig } from './builders.js';

describe('isClusterLocal', () => {
  const off = (...hosts: string[]): ServiceSettings => ({ clusterLocal: false, hosts });
  const on = (...hosts: string[]): ServiceSettings => ({ clusterLocal: true, hosts });
  it.each<[string, readonly ServiceSettings[], boolean]>([
    ['orders.shop.svc.cluster.local', [], false],
    ['dns.kube-system.svc.cluster.local', [], true],
    ['kubernetes.default.svc.cluster.local', [], true],
    ['istiod.istio-system.svc.cluster.local', [], true],
    ['other.istio-system.svc.cluster.local', [], false],
    ['orders.shop.svc.cluster.local', [on('*.shop.svc.cluster.local')], true],
    [
      'orders.shop.svc.cluster.local',
      [on('*.shop.svc.cluster.local'), off('orders.shop.svc.cluster.local')],
      false,
    ],
    [
      'orders.shop.svc.cluster.local',
      [off('*.shop.svc.cluster.local'), on('orders.shop.svc.cluster.local')],
      true,
    ],
    ['orders.shop.svc.cluster.local', [on('*.local'), off('*.shop.svc.cluster.local')], false],
    ['kubernetes.default.svc.cluster.local', [off('kubernetes.default.svc.cluster.local')], false],
    ['dns.kube-system.svc.cluster.local', [off('*.kube-system.svc.cluster.local')], false],
    // A setting for one host of a default wildcard takes the whole default back.
    ['dns.kube-system.svc.cluster.local', [off('x.kube-system.svc.cluster.local')], false],
    ['dns.kube-system.svc.cluster.local', [off('*.local')], true],
  ])('%s with %j: %s', (hostname, serviceSettings, expected) => {
    expect(isClusterLocal(meshConfig({ serviceSettings }), hostname)).toBe(expected);
  });

  it.each([
    ['pilot.mesh.svc.corp.example:15012', 'pilot.mesh.svc.corp.example', true],
    ['pilot.mesh.svc:15012', 'pilot.mesh.svc.corp.example', true],
    ['pilot.mesh.svc', 'pilot.mesh.svc.corp.example', false],
    [undefined, 'istiod.istio-system.svc.corp.example', true],
  ])('counts the host of the discovery address %s', (discoveryAddress, hostname, expected) => {
    const defaultConfig = discoveryAddress === undefined ? {} : { discoveryAddress };
    expect(isClusterLocal(meshConfig({ defaultConfig, domainSuffix: 'corp.example' }), hostname)).toBe(
      expected,
    );
  });
});
