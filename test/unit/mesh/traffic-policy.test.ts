import { describe, expect, it } from 'vitest';
import type { TrafficPolicy } from '../../../src/config/kinds/traffic-policy.js';
import { effectiveTrafficPolicy, subsetTrafficPolicy } from '../../../src/mesh/traffic-policy.js';

const random = { simple: 'RANDOM' } as const;
const leastRequest = { simple: 'LEAST_REQUEST' } as const;
const pool = (maxConnections: number) => ({ tcp: { maxConnections } });
const outliers = (consecutive5xxErrors: number) => ({ consecutive5xxErrors });
const topLevel: TrafficPolicy = {
  loadBalancer: random,
  connectionPool: pool(1),
  outlierDetection: outliers(1),
  tls: { mode: 'SIMPLE' },
  tunnel: { targetHost: 'x', targetPort: 1 },
  proxyProtocol: { version: 'V1' },
  retryBudget: { percent: 5 },
};

describe('the policy of a port', () => {
  it('is that of the rule when the rule says nothing of the port', () => {
    const portLevelSettings = [{ port: 443, loadBalancer: leastRequest }, { loadBalancer: leastRequest }];
    expect(effectiveTrafficPolicy({ trafficPolicy: { ...topLevel, portLevelSettings } }, 80)).toEqual(
      topLevel,
    );
    expect(effectiveTrafficPolicy(undefined, 80)).toBeUndefined();
    expect(effectiveTrafficPolicy({}, 80)).toBeUndefined();
  });

  it('is what the first settings of the port say, and nothing of the rest', () => {
    const portLevelSettings = [
      { port: 80, loadBalancer: leastRequest },
      { port: 80, connectionPool: pool(9) },
    ];
    expect(effectiveTrafficPolicy({ trafficPolicy: { ...topLevel, portLevelSettings } }, 80)).toEqual({
      loadBalancer: leastRequest,
    });
  });

  it('has from the mesh the blocks that it lacks', () => {
    const mesh = { defaultTrafficPolicy: { connectionPool: pool(7), outlierDetection: outliers(7) } };
    expect(effectiveTrafficPolicy(undefined, 80, mesh)).toEqual(mesh.defaultTrafficPolicy);
    expect(effectiveTrafficPolicy({ trafficPolicy: topLevel }, 80, mesh)).toBe(topLevel);
    const portLevelSettings = [{ port: 80, connectionPool: pool(9) }];
    expect(effectiveTrafficPolicy({ trafficPolicy: { ...topLevel, portLevelSettings } }, 80, mesh)).toEqual({
      connectionPool: pool(9),
      outlierDetection: outliers(7),
    });
    expect(effectiveTrafficPolicy(undefined, 80, {})).toBeUndefined();
    expect(
      effectiveTrafficPolicy(undefined, 80, { defaultTrafficPolicy: { connectionPool: pool(7) } }),
    ).toEqual({
      connectionPool: pool(7),
    });
  });
});

describe('the policy of a subset', () => {
  const of = (trafficPolicy: TrafficPolicy | undefined, effective: TrafficPolicy | undefined = topLevel) =>
    subsetTrafficPolicy(effective, trafficPolicy && { trafficPolicy }, 80);

  it('is that of the rule when the subset has none', () => {
    expect(of(undefined)).toBe(topLevel);
    expect(subsetTrafficPolicy(topLevel, {}, 80)).toBe(topLevel);
  });

  it('is that of the rule with what the subset says over it', () => {
    const own: TrafficPolicy = { loadBalancer: leastRequest, proxyProtocol: { version: 'V2' } };
    expect(of({ ...own, portLevelSettings: [{ port: 443, tls: { mode: 'DISABLE' } }] })).toEqual({
      ...topLevel,
      ...own,
    });
    expect(subsetTrafficPolicy(undefined, { trafficPolicy: own }, 80)).toEqual(own);
  });

  it('loses the four blocks that the subset’s settings for the port do not have', () => {
    const { tunnel, proxyProtocol, retryBudget } = topLevel;
    expect(
      of({ loadBalancer: leastRequest, portLevelSettings: [{ port: 80, connectionPool: pool(3) }] }),
    ).toEqual({
      connectionPool: pool(3),
      tunnel,
      proxyProtocol,
      retryBudget,
    });
    expect(
      subsetTrafficPolicy(
        undefined,
        { trafficPolicy: { portLevelSettings: [{ port: 80, loadBalancer: random }] } },
        80,
      ),
    ).toEqual({ loadBalancer: random });
  });

  it('can lose by that what the mesh gives to every service', () => {
    const mesh = { defaultTrafficPolicy: { connectionPool: pool(7) } };
    const effective = effectiveTrafficPolicy(undefined, 80, mesh);
    expect(of({ portLevelSettings: [{ port: 80, loadBalancer: random }] }, effective)).toEqual({
      loadBalancer: random,
    });
    expect(of({ loadBalancer: random }, effective)).toEqual({
      loadBalancer: random,
      connectionPool: pool(7),
    });
  });
});
