import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../../../src/model/endpoint.js';
import type { EndpointsInput } from '../../../../src/translate/endpoint/build-endpoints.js';
import { embeddedAction, embeddedEndpoints } from '../../../../src/translate/endpoint/embedded.js';
import type { LocalityLbAction } from '../../../../src/translate/endpoint/locality-lb/settings.js';
import { snapshotOf } from '../../mesh/builders.js';
import { endpoint, service } from './fixtures.js';

const { networks, peerAuthentications } = snapshotOf({});

function input(endpoints: readonly Partial<Endpoint>[], proxy: EndpointsInput['proxy'] = {}): EndpointsInput {
  const ofPort = endpoints.map((each) => endpoint({ servicePortNumber: 80, ...each }));
  return {
    use: 'dns',
    service: service({ resolution: 'DNSLB' }),
    port: { name: 'http', port: 80, protocol: 'HTTP' },
    subset: '',
    rule: undefined,
    mutualTlsOnly: false,
    self: false,
    shards: [{ provider: 'External', cluster: 'primary', endpoints: ofPort }],
    networks,
    peerAuthentications,
    clusterLocal: false,
    proxy,
  };
}

describe('endpoints that a cluster carries itself', () => {
  const eu = { addresses: ['eu.example.com'], locality: 'eu', labels: { tier: 'gold' } };
  const us = { addresses: ['us.example.com'], locality: 'us', labels: { tier: 'base' } };

  it('may be names, and are ranked for the proxy', () => {
    const proxy = { locality: { region: 'us', zone: '', subZone: '' } };
    const action: LocalityLbAction = { kind: 'failover', labels: [], regions: [] };
    expect(embeddedEndpoints(input([eu, us], proxy), action)).toMatchObject([
      { locality: { region: 'eu' }, priority: 1 },
      {
        locality: { region: 'us' },
        lbEndpoints: [
          { endpoint: { address: { socketAddress: { address: 'us.example.com', portValue: 8080 } } } },
        ],
      },
    ]);
  });

  it('are ranked by labels in every locality', () => {
    const action: LocalityLbAction = { kind: 'failover', labels: ['tier=gold'] };
    const ranked = embeddedEndpoints(
      input([us, eu, { ...eu, ...us, locality: 'eu' }], { labels: {} }),
      action,
    );
    expect(ranked.map(({ locality, priority = 0 }) => [locality?.region, priority])).toEqual([
      ['eu', 0],
      ['eu', 1],
      ['us', 1],
    ]);
  });
});

describe('labels rank the endpoints of a DNS cluster', () => {
  const byLabels: LocalityLbAction = { kind: 'failover', labels: ['tier'], regions: [] };

  it.each([
    ['of the whole service', { subset: '', mutualTlsOnly: false }, byLabels],
    ['but not of a subset', { subset: 'v1', mutualTlsOnly: false }, { ...byLabels, labels: [] }],
    ['but not behind SNI', { subset: '', mutualTlsOnly: true }, { ...byLabels, labels: [] }],
  ])('%s', (_, cluster, expected) => {
    expect(embeddedAction(byLabels, cluster)).toEqual(expected);
  });

  it('and nothing else changes for subsets', () => {
    const distribute: LocalityLbAction = { kind: 'distribute', rules: [{ from: '*', to: { eu: 100 } }] };
    const subset = { subset: 'v1', mutualTlsOnly: false };
    expect(embeddedAction(distribute, subset)).toBe(distribute);
    expect(embeddedAction(undefined, subset)).toBeUndefined();
  });
});
