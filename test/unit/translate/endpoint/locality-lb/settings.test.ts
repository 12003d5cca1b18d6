import { describe, expect, it } from 'vitest';
import type { TrafficDistribution } from '../../../../../src/model/service.js';
import {
  clusterLocalityConfig,
  effectiveLocalityLb,
  localityLbAction,
  type MeshLocalityLb,
} from '../../../../../src/translate/endpoint/locality-lb/settings.js';
import { service } from '../fixtures.js';

const mesh: MeshLocalityLb = { localityLbSetting: { enabled: true } };
const zoneAwareMesh: MeshLocalityLb = { ...mesh, zoneAwareLbSetting: { minClusterSize: 9 } };

function distributed(trafficDistribution: TrafficDistribution) {
  return service({ attributes: { trafficDistribution } });
}

describe('the setting in force', () => {
  const zoneAwareLbSetting = { minClusterSize: 3 };
  const localityLbSetting = { failoverPriority: ['tier'] };

  it('is the zone-aware setting of the rule first, even if that is turned off', () => {
    const off = { enabled: false };
    expect(
      effectiveLocalityLb(
        { zoneAwareLbSetting: off, localityLbSetting },
        distributed('prefer-same-zone'),
        mesh,
      ),
    ).toEqual({ kind: 'zone-aware', setting: off });
  });

  it('is then the locality setting of the rule, before traffic distribution', () => {
    expect(
      effectiveLocalityLb({ localityLbSetting }, distributed('prefer-same-zone'), zoneAwareMesh),
    ).toEqual({
      kind: 'locality',
      setting: localityLbSetting,
      forced: false,
    });
  });

  it('is none when the rule turns it off, whatever the mesh says', () => {
    expect(
      effectiveLocalityLb(
        { localityLbSetting: { enabled: false } },
        distributed('prefer-same-zone'),
        zoneAwareMesh,
      ),
    ).toBeUndefined();
  });

  it.each<[TrafficDistribution, string[]]>([
    [
      'prefer-same-zone',
      ['topology.istio.io/network', 'topology.kubernetes.io/region', 'topology.kubernetes.io/zone'],
    ],
    [
      'prefer-same-node',
      [
        'topology.istio.io/network',
        'topology.kubernetes.io/region',
        'topology.kubernetes.io/zone',
        'topology.istio.io/subzone',
        'kubernetes.io/hostname',
      ],
    ],
  ])('is forced failover by place for traffic distribution %s', (distribution, failoverPriority) => {
    expect(effectiveLocalityLb({ simple: 'RANDOM' }, distributed(distribution), zoneAwareMesh)).toMatchObject(
      {
        kind: 'locality',
        setting: { failoverPriority },
        forced: true,
      },
    );
  });

  it('is the mesh’s zone-aware setting before its locality setting', () => {
    expect(effectiveLocalityLb(undefined, distributed('any'), zoneAwareMesh)).toEqual({
      kind: 'zone-aware',
      setting: zoneAwareMesh.zoneAwareLbSetting,
    });
    expect(effectiveLocalityLb(undefined, service(), mesh)).toMatchObject({
      kind: 'locality',
      forced: false,
    });
    expect(
      effectiveLocalityLb(undefined, service(), { localityLbSetting: { enabled: false } }),
    ).toBeUndefined();
  });

  it('prefers a zone-aware setting of the rule to all others', () => {
    expect(effectiveLocalityLb({ zoneAwareLbSetting, localityLbSetting }, service(), mesh)?.kind).toBe(
      'zone-aware',
    );
  });
});

describe('what a setting does to endpoints', () => {
  const distribute = [{ from: '*', to: { '*': 100 } }];
  const failover = [{ from: 'eu', to: 'us' }];

  it('distributes whether or not there is outlier detection', () => {
    const lb = {
      kind: 'locality',
      setting: { distribute, failoverPriority: ['tier'] },
      forced: false,
    } as const;
    expect(localityLbAction(lb, false)).toEqual({ kind: 'distribute', rules: distribute });
  });

  it('fails over only with outlier detection, unless that is forced', () => {
    const setting = { failoverPriority: ['tier'] };
    expect(localityLbAction({ kind: 'locality', setting, forced: false }, false)).toBeUndefined();
    const action = { kind: 'failover', labels: ['tier'] };
    expect(localityLbAction({ kind: 'locality', setting, forced: false }, true)).toEqual(action);
    expect(localityLbAction({ kind: 'locality', setting, forced: true }, false)).toEqual(action);
  });

  it('ranks regions beside labels only if it names regions', () => {
    const lb = {
      kind: 'locality',
      setting: { failoverPriority: ['tier'], failover },
      forced: false,
    } as const;
    expect(localityLbAction(lb, true)).toEqual({ kind: 'failover', labels: ['tier'], regions: failover });
  });

  it('ranks by region and zone when it names nothing, lists without entries included', () => {
    const setting = { distribute: [], failover: [], failoverPriority: [] };
    expect(localityLbAction({ kind: 'locality', setting, forced: false }, true)).toEqual({
      kind: 'failover',
      labels: [],
      regions: [],
    });
  });

  it('needs no outlier detection to be zone-aware, and does nothing when turned off', () => {
    expect(localityLbAction({ kind: 'zone-aware', setting: { failover } }, false)).toEqual({
      kind: 'zone-aware',
      labels: [],
      regions: failover,
    });
    expect(
      localityLbAction({ kind: 'zone-aware', setting: { enabled: false, failover } }, true),
    ).toBeUndefined();
  });
});

describe('what the cluster says of a setting', () => {
  const weighted = { localityWeightedLbConfig: {} };

  it.each([
    [{ distribute: [{ from: '*', to: {} }] }, false, weighted],
    [{ distribute: [] }, true, undefined],
    [{ failover: [{ from: 'eu', to: 'us' }] }, true, weighted],
    [{ failover: [{ from: 'eu', to: 'us' }] }, false, undefined],
    [{ failoverPriority: ['tier'] }, true, weighted],
    [{}, true, undefined],
  ])('locality %j with outlier detection %s', (setting, outlierDetection, expected) => {
    expect(clusterLocalityConfig({ kind: 'locality', setting, forced: false }, outlierDetection)).toEqual(
      expected,
    );
  });

  it('weighs localities under traffic distribution without outlier detection', () => {
    const lb = effectiveLocalityLb(undefined, distributed('prefer-same-zone'), mesh);
    expect(clusterLocalityConfig(lb, false)).toEqual(weighted);
  });

  it('turns off Envoy’s own zone-aware routing, which is on otherwise', () => {
    const config = (setting: object) => clusterLocalityConfig({ kind: 'zone-aware', setting }, false);
    expect(config({})).toEqual({ zoneAwareLbConfig: {} });
    expect(config({ minClusterSize: 3 })).toEqual({ zoneAwareLbConfig: { minClusterSize: { value: 3 } } });
    expect(config({ enabled: false })).toEqual({ zoneAwareLbConfig: { routingEnabled: { value: 0 } } });
  });

  it('says nothing where no setting is in force', () => {
    expect(clusterLocalityConfig(undefined, true)).toBeUndefined();
  });
});
