import { describe, expect, test } from 'vitest';
import { packAny, unpackAny } from '../../../src/envoy/any.js';
import { fromJson } from '../../../src/envoy/json.js';
import { mergeAny, mergeMessages } from '../../../src/envoy/merge.js';
import { Cluster, HttpConnectionManager, RouteConfiguration } from '../../../src/envoy/messages.js';
import { toJson } from '../../../src/envoy/json.js';

function mergedClusters(message: object, patch: object, lists?: 'append' | 'replace'): unknown {
  return toJson(Cluster, mergeMessages(Cluster, fromJson(Cluster, message), fromJson(Cluster, patch), lists));
}

describe('merged messages', () => {
  test('have single values of the patch, and messages of both', () => {
    expect(
      mergedClusters(
        {
          name: 'a',
          type: 'EDS',
          circuit_breakers: { thresholds: [{ max_requests: 1 }] },
          eds_cluster_config: { service_name: 'a' },
        },
        { type: 'STRICT_DNS', eds_cluster_config: { eds_config: { ads: {} } } },
      ),
    ).toEqual({
      name: 'a',
      type: 'STRICT_DNS',
      circuit_breakers: { thresholds: [{ max_requests: 1 }] },
      eds_cluster_config: { service_name: 'a', eds_config: { ads: {} } },
    });
  });

  test('do not take defaults for given, but where a field has presence', () => {
    const given = { name: 'a', respect_dns_ttl: true, per_connection_buffer_limit_bytes: 5 };
    expect(
      mergedClusters(given, { name: '', respect_dns_ttl: false, per_connection_buffer_limit_bytes: 0 }),
    ).toEqual({ ...given, per_connection_buffer_limit_bytes: 5 });
  });

  test('have durations of the patch, never sums of them', () => {
    expect(mergedClusters({ connect_timeout: '10.5s' }, { connect_timeout: '1s' })).toEqual({
      connect_timeout: '1s',
    });
  });

  test('append lists, or replace them', () => {
    const before = { circuit_breakers: { thresholds: [{ max_requests: 1 }] } };
    const patch = { circuit_breakers: { thresholds: [{ max_retries: 2 }] } };
    expect(mergedClusters(before, patch)).toEqual({
      circuit_breakers: { thresholds: [{ max_requests: 1 }, { max_retries: 2 }] },
    });
    expect(mergedClusters(before, patch, 'replace')).toEqual(patch);
    expect(mergedClusters(before, { name: 'a' }, 'replace')).toEqual({ name: 'a', ...before });
  });

  test('have one field of a group', () => {
    expect(mergedClusters({ type: 'EDS' }, { cluster_type: { name: 'envoy.clusters.aggregate' } })).toEqual({
      cluster_type: { name: 'envoy.clusters.aggregate' },
    });
  });
});

describe('merged Anys', () => {
  const manager = (json: object) => packAny(HttpConnectionManager, fromJson(HttpConnectionManager, json));

  test('have the content of both', () => {
    const merged = mergeAny(
      manager({ stat_prefix: 'a', skip_xff_append: true }),
      manager({ stat_prefix: 'b' }),
    );
    expect(toJson(HttpConnectionManager, unpackAny(HttpConnectionManager, merged ?? {}) ?? {})).toEqual({
      stat_prefix: 'b',
      skip_xff_append: true,
    });
  });

  test('are none if they are of different types, or of one that is not known', () => {
    expect(mergeAny(manager({}), packAny(RouteConfiguration, {}))).toBeUndefined();
    const unknown = { typeUrl: 'type.googleapis.com/a.B', value: new Uint8Array(0) };
    expect(mergeAny(unknown, unknown)).toBeUndefined();
  });
});

test('unknown fields are refused, or told of', () => {
  const json = { name: 'a', later: 1, upstream_bind_config: { later: {} } };
  expect(() => fromJson(Cluster, json)).toThrow('later');
  const unknown: string[] = [];
  const cluster = fromJson(Cluster, json, { onUnknown: (field) => unknown.push(field) });
  expect(toJson(Cluster, cluster)).toEqual({ name: 'a', upstream_bind_config: {} });
  expect(unknown).toHaveLength(2);
});
