import { expect, test } from 'vitest';
import { spiffeUri } from '../../../src/model/spiffe.js';
import { augmentLabels, localityOfLabels } from '../../../src/model/workload-labels.js';

const nowhere = { cluster: '', locality: '', nodeName: '', network: '' };

test('labels are augmented by what is known of the place, and nothing that is empty', () => {
  expect(augmentLabels({ app: 'a' }, nowhere)).toEqual({ app: 'a' });
  expect(
    augmentLabels({ app: 'a' }, { cluster: 'c', locality: 'r/z/s', nodeName: 'n', network: 'net' }),
  ).toEqual({
    app: 'a',
    'topology.kubernetes.io/region': 'r',
    'topology.kubernetes.io/zone': 'z',
    'topology.istio.io/subzone': 's',
    'topology.istio.io/cluster': 'c',
    'kubernetes.io/hostname': 'n',
    'topology.istio.io/network': 'net',
  });
  expect(augmentLabels({}, { ...nowhere, locality: '/z' })).toEqual({ 'topology.kubernetes.io/zone': 'z' });
});

test('the place replaces labels that claim another one, except for the network', () => {
  const claims = { 'topology.kubernetes.io/region': 'old', 'topology.istio.io/network': 'own' };
  expect(augmentLabels(claims, { ...nowhere, locality: 'new', network: 'net' })).toEqual({
    'topology.kubernetes.io/region': 'new',
    'topology.istio.io/network': 'own',
  });
  expect(augmentLabels({ 'topology.istio.io/network': '' }, { ...nowhere, network: 'net' })).toEqual({
    'topology.istio.io/network': 'net',
  });
});

test('augmenting leaves the given labels as they are', () => {
  const labels = { app: 'a' };
  augmentLabels(labels, { ...nowhere, cluster: 'c' });
  expect(labels).toEqual({ app: 'a' });
});

test.each([
  [{}, ''],
  [{ 'istio-locality': 'r.z.s' }, 'r/z/s'],
  [{ 'istio-locality': 'r', 'topology.istio.io/locality': 'new' }, 'new'],
])('labels %j are in %j', (labels, expected) => {
  expect(localityOfLabels(labels)).toBe(expected);
});

test('a SPIFFE name has a trust domain that is a domain', () => {
  expect(spiffeUri('cluster.local', 'shop', 'orders')).toBe('spiffe://cluster.local/ns/shop/sa/orders');
  expect(spiffeUri('corp@example', 'shop', 'orders')).toBe('spiffe://corp.example/ns/shop/sa/orders');
});
