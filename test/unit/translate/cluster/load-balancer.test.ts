import { describe, expect, it } from 'vitest';
import { LbPolicy } from '../../../../src/envoy/enums.js';
import { loadBalancerFields } from '../../../../src/translate/cluster/load-balancer.js';

describe('loadBalancerFields', () => {
  it('is LEAST_REQUEST where nothing else is asked for', () => {
    for (const settings of [undefined, {}, { simple: 'UNSPECIFIED' }, { simple: 'LEAST_CONN' }] as const) {
      expect(loadBalancerFields(settings)).toEqual({ lbPolicy: LbPolicy.LEAST_REQUEST });
    }
  });

  it('warms endpoints up by the settings of the algorithm that is in force', () => {
    const warmup = { duration: 10_000 };
    const slowStartConfig = {
      slowStartWindow: { seconds: 10, nanos: 0 },
      aggression: { defaultValue: 1, runtimeKey: '(' },
      minWeightPercent: { value: 10 },
    };
    expect(loadBalancerFields({ warmup })).toMatchObject({ leastRequestLbConfig: { slowStartConfig } });
    expect(loadBalancerFields({ simple: 'ROUND_ROBIN', warmup })).toMatchObject({
      roundRobinLbConfig: { slowStartConfig },
    });
    expect(loadBalancerFields({ simple: 'RANDOM', warmup })).toEqual({ lbPolicy: LbPolicy.RANDOM });
  });

  it('lets a minimum of 0 percent stand, and gives the deprecated setting nothing but the time', () => {
    expect(loadBalancerFields({ warmup: { duration: 1000, minimumPercent: 0 } })).toMatchObject({
      leastRequestLbConfig: { slowStartConfig: { minWeightPercent: { value: 0 } } },
    });
    expect(loadBalancerFields({ warmupDurationSecs: 20_000 })).toEqual({
      lbPolicy: LbPolicy.LEAST_REQUEST,
      leastRequestLbConfig: { slowStartConfig: { slowStartWindow: { seconds: 20, nanos: 0 } } },
    });
  });

  it.each([
    [{}, { minimumRingSize: { value: 1024 } }],
    [{ minimumRingSize: 9 }, { minimumRingSize: { value: 9 } }],
    [{ minimumRingSize: 0 }, { minimumRingSize: { value: 1024 } }],
    [{ minimumRingSize: 9, ringHash: { minimumRingSize: 7 } }, { minimumRingSize: { value: 7 } }],
  ])('hashes on a ring for %j', (settings, ringHashLbConfig) => {
    const consistentHash = { useSourceIp: true, ...settings };
    expect(loadBalancerFields({ consistentHash })).toEqual({
      lbPolicy: LbPolicy.RING_HASH,
      ringHashLbConfig,
    });
  });

  it('says nothing of a ring whose size is left to Envoy', () => {
    const consistentHash = { httpHeaderName: 'x', ringHash: {} };
    expect(loadBalancerFields({ consistentHash })).toEqual({ lbPolicy: LbPolicy.RING_HASH });
  });

  it('hashes with Maglev before a ring', () => {
    const consistentHash = { httpHeaderName: 'x', maglev: { tableSize: 101 }, minimumRingSize: 4 };
    expect(loadBalancerFields({ consistentHash })).toEqual({
      lbPolicy: LbPolicy.MAGLEV,
      maglevLbConfig: { tableSize: { value: 101 } },
    });
  });
});
