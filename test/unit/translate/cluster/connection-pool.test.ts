import { describe, expect, it } from 'vitest';
import { connectionPoolFields } from '../../../../src/translate/cluster/connection-pool.js';

const unlimited = { value: 0xffff_ffff };
const mesh = { connectTimeout: 10_000 };

describe('connectionPoolFields', () => {
  it('limits nothing where nothing is set', () => {
    expect(connectionPoolFields(mesh, undefined, undefined)).toEqual({
      connectTimeout: { seconds: 10, nanos: 0 },
      circuitBreakers: {
        thresholds: [
          {
            maxConnections: unlimited,
            maxPendingRequests: unlimited,
            maxRequests: unlimited,
            maxRetries: unlimited,
          },
        ],
      },
    });
  });

  it('takes 0 for no limit', () => {
    const pool = { tcp: { maxConnections: 0 }, http: { http2MaxRequests: 5, maxRetries: 0 } };
    expect(connectionPoolFields(mesh, pool, undefined).circuitBreakers?.thresholds?.[0]).toMatchObject({
      maxConnections: unlimited,
      maxRequests: { value: 5 },
      maxRetries: unlimited,
    });
  });

  it('puts a policy over the keepalive of the mesh field by field, in whole seconds', () => {
    const meshWide = { ...mesh, tcpKeepalive: { probes: 5, time: 300_000, interval: 60_000 } };
    const pool = { tcp: { tcpKeepalive: { probes: 0, interval: 1900 } } };
    expect(connectionPoolFields(meshWide, pool, undefined).upstreamConnectionOptions).toEqual({
      tcpKeepalive: {
        keepaliveProbes: { value: 5 },
        keepaliveTime: { value: 300 },
        keepaliveInterval: { value: 1 },
      },
    });
  });

  it('keeps an empty keepalive, which asks for the defaults of the system', () => {
    const fields = connectionPoolFields(mesh, { tcp: { tcpKeepalive: {} } }, undefined);
    expect(fields.upstreamConnectionOptions).toEqual({ tcpKeepalive: {} });
  });

  it('gives a retry budget its defaults, but lets 0 percent stand', () => {
    const budgetOf = (budget: object) =>
      connectionPoolFields(mesh, undefined, budget).circuitBreakers?.thresholds?.[0]?.retryBudget;
    expect(budgetOf({})).toEqual({ budgetPercent: { value: 20 }, minRetryConcurrency: { value: 3 } });
    expect(budgetOf({ percent: 0, minRetryConcurrency: 0 })).toEqual({
      budgetPercent: { value: 0 },
      minRetryConcurrency: { value: 3 },
    });
  });
});
