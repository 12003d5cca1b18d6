import { describe, expect, test } from 'vitest';
import {
  comparableAssignments,
  wholeAssignments,
  type EndpointDetail,
} from '../../../src/compare/endpoint-detail.js';
import { compareResources } from '../../../src/compare/resources.js';
import type { Json, JsonObject } from '../../../src/envoy/json-value.js';

const envoy: EndpointDetail = { level: 'envoy', mixed: false };
const hosts: EndpointDetail = { level: 'hosts', mixed: true };

function host(address: string, more: JsonObject = {}): JsonObject {
  return {
    endpoint: { address: { socket_address: { address, port_value: 80 } } },
    load_balancing_weight: 1,
    ...more,
  };
}

function group(zone: string, endpoints: readonly Json[], more: JsonObject = {}): JsonObject {
  return { locality: { zone }, lb_endpoints: endpoints, ...more };
}

function assignment(endpoints: readonly Json[], more: JsonObject = {}): JsonObject {
  return { cluster_name: 'c', endpoints, ...more };
}

/** Paths of what differs when the right side tells as much as `detail`. */
function paths(detail: EndpointDetail, left: JsonObject, right: JsonObject): string[] {
  const [lefts, rights] = comparableAssignments(
    { detail: wholeAssignments, assignments: [left] },
    { detail, assignments: [right] },
  );
  return compareResources('eds', lefts, rights).flatMap((one) =>
    one.kind === 'different' ? one.differences.map(({ path }) => path) : [one.kind],
  );
}

const istio = (workload: string): JsonObject => ({ metadata: { filter_metadata: { istio: { workload } } } });

describe('endpoints as an Envoy tells them', () => {
  test.each<[string, JsonObject, JsonObject]>([
    [
      'the order of localities',
      assignment([group('b', [host('1')]), group('a', [host('2')])]),
      assignment([group('a', [host('2')]), group('b', [host('1')])]),
    ],
    [
      'groups of one locality',
      assignment([group('a', [host('1')]), group('a', [host('2')])]),
      assignment([group('a', [host('1'), host('2')])]),
    ],
    [
      'a locality without endpoints',
      assignment([group('a', [host('1')]), group('b', [])]),
      assignment([group('a', [host('1')])]),
    ],
    [
      'UNKNOWN and HEALTHY',
      assignment([group('a', [host('1')])]),
      assignment([group('a', [host('1', { health_status: 'HEALTHY' })])]),
    ],
    [
      'DRAINING and UNHEALTHY',
      assignment([group('a', [host('1', { health_status: 'DRAINING' })])]),
      assignment([group('a', [host('1', { health_status: 'UNHEALTHY' })])]),
    ],
    [
      'the overprovisioning factor that is the default',
      assignment([]),
      assignment([], { policy: { overprovisioning_factor: 140 } }),
    ],
    [
      'the same address twice',
      assignment([group('a', [host('1', istio('x')), host('1', istio('y'))])]),
      assignment([group('a', [host('1', istio('x'))])]),
    ],
    [
      'an empty health_check_config',
      assignment([group('a', [host('1')])]),
      assignment([
        group('a', [
          {
            ...host('1'),
            endpoint: {
              address: { socket_address: { address: '1', port_value: 80 } },
              health_check_config: {},
            },
          },
        ]),
      ]),
    ],
  ])('differ not by %s', (_, left, right) => {
    expect(paths(envoy, left, right)).toEqual([]);
    expect(paths(wholeAssignments, left, right)).not.toEqual([]);
  });

  const one = assignment([group('a', [host('1', istio('x'))])]);
  test.each<[string, JsonObject, string]>([
    [
      'metadata',
      assignment([group('a', [host('1', istio('y'))])]),
      'endpoints[locality=/a/,priority=].lb_endpoints[address=1:80].metadata.filter_metadata.istio.workload',
    ],
    [
      'weight',
      assignment([group('a', [host('1', { ...istio('x'), load_balancing_weight: 2 })])]),
      'endpoints[locality=/a/,priority=].lb_endpoints[address=1:80].load_balancing_weight',
    ],
    [
      'health',
      assignment([group('a', [host('1', { ...istio('x'), health_status: 'UNHEALTHY' })])]),
      'endpoints[locality=/a/,priority=].lb_endpoints[address=1:80].health_status',
    ],
    [
      'weight of a locality',
      assignment([group('a', [host('1', istio('x'))], { load_balancing_weight: 7 })]),
      'endpoints[locality=/a/,priority=].load_balancing_weight',
    ],
    ['another overprovisioning factor', { ...one, policy: { overprovisioning_factor: 200 } }, 'policy'],
  ])('differ by %s', (_, other, path) => {
    expect(paths(envoy, one, other)).toEqual([path]);
  });

  test('differ by priority and by locality', () => {
    const otherPriority = assignment([group('a', [host('1', istio('x'))], { priority: 1 })]);
    expect(paths(envoy, one, otherPriority)).toEqual([
      'endpoints[locality=/a/,priority=]',
      'endpoints[locality=/a/,priority=1]',
    ]);
    const otherLocality = assignment([group('b', [host('1', istio('x'))])]);
    expect(paths(hosts, one, otherLocality)).toEqual([
      'endpoints[locality=/a/,priority=]',
      'endpoints[locality=/b/,priority=]',
    ]);
  });
});

describe('endpoints as a list of hosts tells them', () => {
  test('are compared without metadata, and for clusters that the other side serves over EDS', () => {
    const [lefts, rights] = comparableAssignments(
      {
        detail: wholeAssignments,
        assignments: [assignment([group('a', [host('1', istio('x'))])]), { cluster_name: 'empty' }],
      },
      {
        detail: hosts,
        assignments: [
          assignment([group('a', [host('1')])]),
          { cluster_name: 'of-dns', endpoints: [group('', [host('9')])] },
        ],
      },
    );
    expect(lefts).toEqual(rights);
    expect(lefts).toHaveLength(1);
  });

  test('that are missing in a cluster make it differ', () => {
    expect(
      paths(hosts, assignment([group('a', [host('1'), host('2')])]), assignment([group('a', [host('1')])])),
    ).toEqual(['endpoints[locality=/a/,priority=].lb_endpoints[address=2:80]']);
  });
});
