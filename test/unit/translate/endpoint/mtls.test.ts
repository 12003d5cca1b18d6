import { describe, expect, it } from 'vitest';
import type { MutualTlsMode } from '../../../../src/config/kinds/networking.js';
import type { ClientTlsMode, TrafficPolicy } from '../../../../src/config/kinds/traffic-policy.js';
import type { PeerAuthenticationIndex } from '../../../../src/mesh/snapshot.js';
import { hasMutualTls, ruleTlsMode } from '../../../../src/translate/endpoint/mtls.js';
import { endpoint, rule } from './fixtures.js';

function tls(mode: ClientTlsMode) {
  return { tls: { mode } };
}

/** Policies that give each port a mode. */
function policies(modes: Record<number, MutualTlsMode>): PeerAuthenticationIndex {
  return {
    version: '1',
    namespaceMode: () => 'DISABLE',
    workloadMode: (_namespace, _labels, port) => modes[port] ?? 'PERMISSIVE',
    workloadPorts: () => Object.keys(modes).map(Number),
  };
}

describe('the TLS mode of a rule', () => {
  const trafficPolicy: TrafficPolicy = {
    ...tls('DISABLE'),
    portLevelSettings: [
      { port: 80, loadBalancer: { simple: 'RANDOM' } },
      { port: 81, ...tls('ISTIO_MUTUAL') },
      { port: 81, ...tls('SIMPLE') },
    ],
  };
  const subsets = [
    { name: 'plain', labels: {} },
    { name: 'own', labels: {}, trafficPolicy: tls('MUTUAL') },
    { name: 'by-port', labels: {}, trafficPolicy: { portLevelSettings: [{ port: 80, ...tls('SIMPLE') }] } },
  ];

  it.each<[subset: string, port: number, mode: ClientTlsMode | undefined]>([
    ['', 80, 'DISABLE'],
    ['', 81, 'ISTIO_MUTUAL'],
    ['plain', 80, 'DISABLE'],
    ['plain', 81, 'ISTIO_MUTUAL'],
    ['own', 80, 'MUTUAL'],
    ['own', 81, 'MUTUAL'],
    ['by-port', 80, 'SIMPLE'],
    ['by-port', 81, 'ISTIO_MUTUAL'],
    ['missing', 80, undefined],
  ])('of subset %j for port %d is %s', (subset, port, mode) => {
    expect(ruleTlsMode(rule({ trafficPolicy, subsets }), subset, port)).toBe(mode);
  });

  it('is none without a rule or TLS settings', () => {
    expect(ruleTlsMode(undefined, '', 80)).toBeUndefined();
    expect(ruleTlsMode(rule({ trafficPolicy: {} }), '', 80)).toBeUndefined();
  });
});

describe('mutual TLS towards an endpoint', () => {
  const input = { rule: undefined, subset: '', port: 80, peerAuthentications: policies({ 8081: 'DISABLE' }) };
  const plain = endpoint({ tlsMode: 'disabled' });

  it('is for workloads that can do it, unless a policy turns it off for the target port', () => {
    const mutualTls = hasMutualTls(input);
    expect(mutualTls(endpoint())).toBe(true);
    expect(mutualTls(endpoint({ port: 8081 }))).toBe(false);
    expect(mutualTls(plain)).toBe(false);
    expect(mutualTls(endpoint({ tlsMode: 'custom' }))).toBe(false);
  });

  it('is what a rule says, whatever the workload can do', () => {
    const mutual = hasMutualTls({ ...input, rule: rule({ trafficPolicy: tls('ISTIO_MUTUAL') }) });
    expect([endpoint({ port: 8081 }), plain].map(mutual)).toEqual([true, true]);
    const simple = hasMutualTls({ ...input, rule: rule({ trafficPolicy: tls('SIMPLE') }) });
    expect([endpoint(), plain].map(simple)).toEqual([false, false]);
  });

  it('is not decided by a rule that does not have the subset', () => {
    const mutualTls = hasMutualTls({
      ...input,
      subset: 'missing',
      rule: rule({ trafficPolicy: tls('SIMPLE') }),
    });
    expect([endpoint(), plain].map(mutualTls)).toEqual([true, false]);
  });
});
