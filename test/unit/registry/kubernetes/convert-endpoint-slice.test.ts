import { describe, expect, test } from 'vitest';
import type { EndpointSlice, EndpointSliceEndpoint } from '../../../../src/config/kinds/kubernetes.js';
import type { Endpoint } from '../../../../src/model/endpoint.js';
import {
  concatenateSlices,
  convertEndpointSlice,
  serviceNameOfSlice,
} from '../../../../src/registry/kubernetes/convert-endpoint-slice.js';
import type { EndpointIdentity } from '../../../../src/registry/kubernetes/convert-pod.js';
import { podEndpoint, slice } from '../object-builders.js';

function identity(workloadName: string): EndpointIdentity {
  return {
    labels: {},
    serviceAccount: '',
    network: '',
    locality: '',
    tlsMode: 'disabled',
    namespace: 'shop',
    workloadName,
  };
}

/** Converts a slice in a cluster whose pods are `a` and `b` only. */
function convert(
  endpoints: readonly EndpointSliceEndpoint[],
  serviceLabels: Record<string, string> | undefined = {},
  spec: Partial<EndpointSlice> = {},
): readonly Endpoint[] {
  return convertEndpointSlice(slice('s', 'orders', endpoints, spec), {
    cluster: 'east',
    serviceLabels,
    identityOfPod: (_, name) => (name === 'a' || name === 'b' ? identity(name) : undefined),
    identityOfAddress: () => identity(''),
  });
}

function texts(endpoints: readonly Endpoint[]): readonly string[] {
  return endpoints.map((it) =>
    `${it.addresses.join(',')}:${it.port} ${it.servicePortName} ${it.workloadName}`.trim(),
  );
}

test('is one endpoint for each address and port, in order', () => {
  const ports = [
    { name: 'http', port: 8080, protocol: 'TCP' },
    { name: 'tcp', port: 9100, protocol: 'TCP' },
  ];
  const endpoints = convert([podEndpoint('10.0.0.1', 'a'), podEndpoint('10.0.0.2', 'b')], {}, { ports });
  expect(texts(endpoints)).toEqual([
    '10.0.0.1:8080 http a',
    '10.0.0.1:9100 tcp a',
    '10.0.0.2:8080 http b',
    '10.0.0.2:9100 tcp b',
  ]);
  expect(endpoints[0]).toMatchObject({ cluster: 'east', weight: 0, health: 'healthy' });
});

test('leaves out an address whose pod is not known, but not one that names no pod', () => {
  const addressOnly = { addresses: ['192.0.2.1'] };
  const endpoints = convert([podEndpoint('10.0.0.1', 'a'), podEndpoint('10.0.0.9', 'missing'), addressOnly]);
  expect(texts(endpoints)).toEqual(['10.0.0.1:8080 http a', '192.0.2.1:8080 http']);
});

describe('health', () => {
  const session = { 'istio.io/persistent-session': 'cookie' };
  const sessionHeader = { 'istio.io/persistent-session-header': 'x-session' };
  type Conditions = Pick<EndpointSliceEndpoint, 'ready' | 'serving' | 'terminating'>;
  test.each<[Conditions, Record<string, string> | 'no service', string]>([
    [{}, {}, 'healthy'],
    [{ ready: true, terminating: true }, {}, 'healthy'],
    [{ ready: false, serving: false, terminating: false }, {}, 'unhealthy'],
    [{ ready: false, serving: true, terminating: true }, {}, 'terminating'],
    [{ ready: false }, {}, 'terminating'],
    [{ ready: false, terminating: true }, 'no service', 'unhealthy'],
    [{ ready: false, serving: true, terminating: true }, session, 'draining'],
    [{ ready: false, serving: true, terminating: true }, sessionHeader, 'draining'],
    [{ ready: false }, session, 'draining'],
    [{ ready: false, serving: false, terminating: true }, session, 'terminating'],
    [{ ready: false, serving: true, terminating: false }, session, 'unhealthy'],
    [
      { ready: false, serving: true, terminating: true },
      { 'istio.io/persistent-session': '' },
      'terminating',
    ],
  ])('with conditions %j of a service with labels %j is %s', (conditions, labels, health) => {
    const object = slice('s', 'orders', [{ addresses: ['192.0.2.1'], ...conditions }]);
    const [endpoint] = convertEndpointSlice(object, {
      cluster: 'east',
      serviceLabels: labels === 'no service' ? undefined : labels,
      identityOfPod: () => undefined,
      identityOfAddress: () => identity(''),
    });
    expect(endpoint?.health).toBe(health);
  });
});

test('belongs to the service that its label names, unless it is imported or holds names', () => {
  expect(serviceNameOfSlice(slice('s', 'orders', []))).toBe('orders');
  expect(serviceNameOfSlice(slice('s', '', []))).toBeUndefined();
  expect(serviceNameOfSlice(slice('s', 'orders', [], { addressType: 'FQDN' }))).toBeUndefined();
  const labels = {
    'kubernetes.io/service-name': 'orders',
    'multicluster.kubernetes.io/service-name': 'orders',
  };
  expect(serviceNameOfSlice(slice('s', 'orders', [], {}, { labels }))).toBeUndefined();
});

test('slices are joined, an address and port name counting where it comes first', () => {
  const first = convert([podEndpoint('10.0.0.1', 'a')]);
  const second = convert([podEndpoint('10.0.0.1', 'b'), podEndpoint('10.0.0.2', 'b')]);
  const otherPort = convert(
    [podEndpoint('10.0.0.1', 'a')],
    {},
    { ports: [{ name: 'tcp', port: 8080, protocol: 'TCP' }] },
  );
  expect(texts(concatenateSlices([first, second, otherPort]))).toEqual([
    '10.0.0.1:8080 http a',
    '10.0.0.2:8080 http b',
    '10.0.0.1:8080 tcp a',
  ]);
});
