import { describe, expect, it } from 'vitest';
import type { Endpoint, HealthStatus } from '../../../../src/model/endpoint.js';
import {
  ofPortNumber,
  portNameFault,
  visibilityFault,
  type FilterInput,
} from '../../../../src/translate/endpoint/filters.js';
import { endpoint, service } from './fixtures.js';

function visible(overrides: Partial<Endpoint>, input: Partial<FilterInput> = {}): boolean {
  const defaults: FilterInput = { service: service(), clusterLocal: false, unhealthy: true, proxy: {} };
  return visibilityFault({ ...defaults, ...input })(endpoint(overrides)) === undefined;
}

describe('endpoints that a proxy is told of', () => {
  const nodeLocal = service({ attributes: { nodeLocal: true } });
  const session = service({ attributes: { labels: { 'istio.io/persistent-session': 'cookie' } } });
  const headerSession = service({ attributes: { labels: { 'istio.io/persistent-session-header': 'x' } } });

  it.each<[string, boolean, Partial<Endpoint>, Partial<FilterInput>]>([
    ['the same node', true, { nodeName: 'n1' }, { service: nodeLocal, proxy: { nodeName: 'n1' } }],
    ['another node', false, { nodeName: 'n2' }, { service: nodeLocal, proxy: { nodeName: 'n1' } }],
    ['no node, for a proxy on one', false, {}, { service: nodeLocal, proxy: { nodeName: 'n1' } }],
    ['another node, for a service of all nodes', true, { nodeName: 'n2' }, { proxy: { nodeName: 'n1' } }],
    ['the same cluster', true, {}, { clusterLocal: true, proxy: { cluster: 'primary' } }],
    ['another cluster', false, {}, { clusterLocal: true, proxy: { cluster: 'west' } }],
    ['a cluster, for a proxy that names none', false, {}, { clusterLocal: true, proxy: { cluster: '' } }],
    ['a network in view', true, { network: 'a' }, { proxy: { networkView: ['a', 'b'] } }],
    ['a network out of view', false, { network: 'c' }, { proxy: { networkView: ['a', 'b'] } }],
    ['no network, for a proxy with a view', true, {}, { proxy: { networkView: ['a', 'b'] } }],
    ['the label draining', false, { labels: { 'istio.io/draining': 'true' } }, {}],
    ['an empty label draining', true, { labels: { 'istio.io/draining': '' } }, {}],
    [
      'the label draining, with sessions',
      true,
      { labels: { 'istio.io/draining': 'true' } },
      { service: session },
    ],
    ['draining, with sessions by header', false, { health: 'draining' }, { service: headerSession }],
  ])('%s: %s', (_, expected, overrides, input) => {
    expect(visible(overrides, input)).toBe(expected);
  });

  it.each<[HealthStatus, sent: boolean, withoutUnhealthy: boolean, withSessions: boolean]>([
    ['unknown', true, true, true],
    ['healthy', true, true, true],
    ['degraded', true, true, true],
    ['unhealthy', true, false, true],
    ['draining', false, false, true],
    ['terminating', false, false, false],
  ])('%s is sent: %s; to clusters without unhealthy ones: %s; with sessions: %s', (health, ...expected) => {
    expect([
      visible({ health }),
      visible({ health }, { unhealthy: false }),
      visible({ health }, { service: session }),
    ]).toEqual(expected);
  });

  it('without an address too, as a gateway may stand in', () => {
    expect(visible({ addresses: [], network: 'west' })).toBe(true);
  });

  it('of the own workload, generation and region, for a proxy that asks for its siblings', () => {
    const self = { workloadName: 'frames-v1', region: 'eu', templateHashes: ['h1', ''] };
    const sibling = { locality: 'eu/a', labels: { 'pod-template-hash': 'h1' } };
    const isVisible = (overrides: Partial<Endpoint>) =>
      visible({ ...sibling, ...overrides }, { proxy: { self } });
    expect(isVisible({})).toBe(true);
    expect(isVisible({ workloadName: 'frames-v2' })).toBe(false);
    expect(isVisible({ labels: { 'pod-template-hash': 'h2' } })).toBe(false);
    expect(isVisible({ labels: { 'pod-template-hash': 'h1', 'rollouts-pod-template-hash': 'r' } })).toBe(
      false,
    );
    expect(isVisible({ locality: 'us/a' })).toBe(false);
  });
});

describe('endpoints of a port', () => {
  const port = { name: 'http', port: 80, protocol: 'HTTP' } as const;

  it.each<[string, boolean, Partial<Endpoint>]>([
    ['its name', true, {}],
    ['another name, though the number is right', false, { servicePortName: 'other', servicePortNumber: 80 }],
    ['an IPv6 address', true, { addresses: ['2001:db8::1'] }],
    ['a host name', false, { addresses: ['frames.example.com'] }],
    ['a path', true, { addresses: ['/run/frames.sock'], port: 0 }],
    ['an empty address', true, { addresses: [''] }],
    ['no address', true, { addresses: [] }],
  ])('over EDS, with %s: %s', (_, expected, overrides) => {
    expect(portNameFault(port, endpoint(overrides)) === undefined).toBe(expected);
  });

  it.each<[string, boolean, Partial<Endpoint>]>([
    ['its number', true, { servicePortName: 'other', servicePortNumber: 80 }],
    ['another number, though the name is right', false, { servicePortNumber: 81 }],
    ['its name and no number', true, {}],
    ['another name and no number', false, { servicePortName: 'other' }],
    ['a host name', true, { addresses: ['frames.example.com'], servicePortNumber: 80 }],
  ])('in a cluster, with %s: %s', (_, expected, overrides) => {
    expect(ofPortNumber(port)(endpoint(overrides))).toBe(expected);
  });
});
