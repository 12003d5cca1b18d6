import { expect, test } from 'vitest';
import { podLocality } from '../../../../src/registry/kubernetes/locality.js';

const region = 'topology.kubernetes.io/region';
const zone = 'topology.kubernetes.io/zone';
const oldRegion = 'failure-domain.beta.kubernetes.io/region';
const oldZone = 'failure-domain.beta.kubernetes.io/zone';
const subzone = 'topology.istio.io/subzone';

test.each<[string, Record<string, string>, Record<string, string> | undefined, string]>([
  ['no node', {}, undefined, ''],
  ['a node without labels', {}, {}, ''],
  ['all three', {}, { [region]: 'eu', [zone]: 'eu-a', [subzone]: 'r1' }, 'eu/eu-a/r1'],
  ['always three parts', {}, { [region]: 'eu' }, 'eu//'],
  ['a zone only', {}, { [zone]: 'eu-a' }, '/eu-a/'],
  ['old labels', {}, { [oldRegion]: 'us', [oldZone]: 'us-a' }, 'us/us-a/'],
  ['new labels over old ones', {}, { [region]: 'eu', [oldRegion]: 'us', [oldZone]: 'us-a' }, 'eu/us-a/'],
  ['a pod label with dots', { 'istio-locality': 'asia.a.b' }, { [region]: 'eu' }, 'asia/a/b'],
  [
    'a pod label with a slash keeps its dots',
    { 'istio-locality': 'asia/a.b' },
    { [region]: 'eu' },
    'asia/a.b',
  ],
  [
    'the new pod label over the old',
    { 'topology.istio.io/locality': 'af', 'istio-locality': 'asia' },
    {},
    'af',
  ],
  ['an empty pod label is none', { 'istio-locality': '' }, { [region]: 'eu' }, 'eu//'],
])('%s', (_, podLabels, nodeLabels, expected) => {
  expect(podLocality(podLabels, nodeLabels)).toBe(expected);
});
