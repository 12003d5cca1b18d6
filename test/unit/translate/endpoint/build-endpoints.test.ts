import { describe, expect, it } from 'vitest';
import type { DestinationRule } from '../../../../src/config/kinds/traffic-policy.js';
import type { Endpoint } from '../../../../src/model/endpoint.js';
import type { Shard } from '../../../../src/registry/view.js';
import {
  buildLocalityEndpoints,
  endpointPolicy,
  sendsUnhealthy,
  type EndpointsInput,
} from '../../../../src/translate/endpoint/build-endpoints.js';
import { snapshotOf } from '../../mesh/builders.js';
import { endpoint, rule, service } from './fixtures.js';

const { networks, peerAuthentications } = snapshotOf({});
const port = { name: 'http', port: 80, protocol: 'HTTP' } as const;

function shard(cluster: string, ...endpoints: Partial<Endpoint>[]): Shard {
  return {
    provider: 'Kubernetes',
    cluster,
    endpoints: endpoints.map((each) => endpoint({ cluster, ...each })),
  };
}

function input(overrides: Partial<EndpointsInput>): EndpointsInput {
  return {
    use: 'eds',
    service: service(),
    port,
    subset: '',
    rule: undefined,
    mutualTlsOnly: false,
    self: false,
    shards: [],
    networks,
    peerAuthentications,
    clusterLocal: false,
    proxy: {},
    ...overrides,
  };
}

/** Locality, weight and addresses of each group. */
function built(overrides: Partial<EndpointsInput>) {
  return buildLocalityEndpoints(input(overrides)).map(({ locality, weight, endpoints }) => [
    `${locality.region}/${locality.zone}/${locality.subZone}`,
    weight,
    endpoints.map(({ message }) => message.endpoint?.address?.socketAddress?.address),
  ]);
}

describe('endpoints by locality', () => {
  it('are grouped and sorted by the text of the locality, in the order of the shards within', () => {
    const shards = [
      shard(
        'primary',
        { locality: 'us/b', addresses: ['1.1.1.1'] },
        { locality: 'eu/a', addresses: ['1.1.1.2'] },
      ),
      shard('west', { locality: 'eu/a', addresses: ['1.1.1.3'], weight: 4 }, { addresses: ['1.1.1.4'] }),
    ];
    expect(built({ shards })).toEqual([
      ['//', 1, ['1.1.1.4']],
      ['eu/a/', 5, ['1.1.1.2', '1.1.1.3']],
      ['us/b/', 1, ['1.1.1.1']],
    ]);
  });

  it('are apart where the text differs, though the locality is the same', () => {
    const shards = [shard('primary', { locality: 'eu' }, { locality: 'eu/' })];
    expect(built({ shards }).map(([locality]) => locality)).toEqual(['eu//', 'eu//']);
  });

  it('weigh no more than the largest weight', () => {
    const shards = [shard('primary', { weight: 0xffff_ffff }, { weight: 2 })];
    expect(built({ shards })).toEqual([['//', 0xffff_ffff, ['10.0.0.1', '10.0.0.1']]]);
  });

  it('are those of the subset, and all for a subset that the rule does not have', () => {
    const shards = [
      shard('primary', { labels: { version: 'v1' } }, { labels: { version: 'v2' }, addresses: ['10.0.0.2'] }),
    ];
    const withSubsets = rule({ subsets: [{ name: 'two', labels: { version: 'v2' } }] });
    expect(built({ shards, rule: withSubsets, subset: 'two' })).toEqual([['//', 1, ['10.0.0.2']]]);
    expect(built({ shards, rule: withSubsets, subset: 'three' })).toEqual([
      ['//', 2, ['10.0.0.1', '10.0.0.2']],
    ]);
  });

  it('are those of the own cluster for hosts of one cluster and services of one node', () => {
    const shards = [
      shard('primary', { nodeName: 'n' }),
      shard('west', { addresses: ['10.0.0.2'], nodeName: 'n' }),
    ];
    const nodeLocal = service({ attributes: { nodeLocal: true } });
    const west = [['//', 1, ['10.0.0.2']]];
    expect(built({ shards, clusterLocal: true, proxy: { cluster: 'west' } })).toEqual(west);
    expect(built({ shards, service: nodeLocal, proxy: { cluster: 'west', nodeName: 'n' } })).toEqual(west);
  });

  it('are none over EDS for services that clients look up in DNS', () => {
    const shards = [shard('primary', { addresses: ['a.example.com'], servicePortNumber: 80 })];
    const dns = service({ resolution: 'DNSLB' });
    expect(built({ shards, service: dns })).toEqual([]);
    expect(built({ shards, service: dns, use: 'dns' })).toEqual([['//', 1, ['a.example.com']]]);
    expect(
      built({ shards: [shard('primary', {})], service: service({ resolution: 'Passthrough' }) }),
    ).toHaveLength(1);
  });

  it('keep their groups when only those with mutual TLS are wanted', () => {
    const shards = [shard('primary', { locality: 'eu', tlsMode: 'disabled' }, { locality: 'us' })];
    expect(built({ shards, mutualTlsOnly: true })).toEqual([
      ['eu//', undefined, []],
      ['us//', 1, ['10.0.0.1']],
    ]);
  });
});

describe('endpoints that are not healthy', () => {
  const minHealth = { outlierDetection: { minHealthPercent: 10 } };

  it.each<[string, boolean, Partial<DestinationRule>, string]>([
    ['without a rule', true, {}, ''],
    ['when too few healthy ones would let traffic to them', false, { trafficPolicy: minHealth }, ''],
    ['when that limit is 0', true, { trafficPolicy: { outlierDetection: { minHealthPercent: 0 } } }, ''],
    [
      'when the settings of the port have no limit',
      true,
      { trafficPolicy: { ...minHealth, portLevelSettings: [{ port: 80, loadBalancer: {} }] } },
      '',
    ],
    [
      'when the limit of the subset is another',
      true,
      {
        trafficPolicy: minHealth,
        subsets: [{ name: 'v1', labels: {}, trafficPolicy: { outlierDetection: { minHealthPercent: 0 } } }],
      },
      'v1',
    ],
    [
      'when the subset says nothing',
      false,
      { trafficPolicy: minHealth, subsets: [{ name: 'v1', labels: {} }] },
      'v1',
    ],
  ])('%s: %s', (_, expected, spec, subset) => {
    expect(sendsUnhealthy(service(), endpointPolicy({ rule: rule(spec), subset, port }))).toBe(expected);
  });

  it('are always sent under traffic distribution', () => {
    const policy = endpointPolicy({ rule: rule({ trafficPolicy: minHealth }), subset: '', port });
    expect(sendsUnhealthy(service({ attributes: { trafficDistribution: 'prefer-same-zone' } }), policy)).toBe(
      true,
    );
    expect(sendsUnhealthy(service({ attributes: { trafficDistribution: 'any' } }), policy)).toBe(false);
  });
});
