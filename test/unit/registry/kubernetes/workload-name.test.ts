import { expect, test } from 'vitest';
import { workloadName } from '../../../../src/registry/kubernetes/workload-name.js';
import type { Meta } from '../object-builders.js';
import { pod } from '../object-builders.js';

function ownedBy(kind: string, name: string, labels: Record<string, string> = {}): Meta {
  return {
    generateName: 'x-',
    labels,
    ownerReferences: [{ apiVersion: 'v1', kind, name, controller: true }],
  };
}

test.each<[string, Meta, string]>([
  ['a pod of its own', {}, 'pod-1'],
  ['an owner that did not generate the pod', { ...ownedBy('ReplicaSet', 'web'), generateName: '' }, 'pod-1'],
  [
    'an owner that is not the controller',
    {
      generateName: 'x-',
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n1', controller: false }],
    },
    'pod-1',
  ],
  ['a StatefulSet', ownedBy('StatefulSet', 'db'), 'db'],
  ['a Deployment', ownedBy('ReplicaSet', 'web-5d4f', { 'pod-template-hash': '5d4f' }), 'web'],
  [
    'a ReplicaSet named otherwise',
    ownedBy('ReplicaSet', 'web-aaaa', { 'pod-template-hash': '5d4f' }),
    'web-aaaa',
  ],
  ['a ReplicaSet without the label', ownedBy('ReplicaSet', 'web-5d4f'), 'web-5d4f'],
  [
    'a ReplicaSet that ends in the hash without a dash',
    ownedBy('ReplicaSet', 'web5d4f', { 'pod-template-hash': '5d4f' }),
    'web5d4f',
  ],
  ['a Rollout', ownedBy('ReplicaSet', 'web-77', { 'rollouts-pod-template-hash': '77' }), 'web'],
  ['a DeploymentConfig', ownedBy('ReplicationController', 'web-3', { deploymentconfig: 'web' }), 'web'],
  ['a ReplicationController', ownedBy('ReplicationController', 'web-3'), 'web-3'],
  ['a CronJob', ownedBy('Job', 'nightly-28412345'), 'nightly'],
  ['a Job with seven digits', ownedBy('Job', 'nightly-2841234'), 'nightly-2841234'],
  ['a Job with eleven digits', ownedBy('Job', 'nightly-28412345678'), 'nightly-28412345678'],
  [
    'the label, before all else',
    ownedBy('Job', 'nightly-28412345', { 'service.istio.io/workload-name': 'named' }),
    'named',
  ],
])('%s', (_, meta, expected) => {
  expect(workloadName(pod('pod-1', '10.0.0.1', {}, meta).metadata)).toBe(expected);
});
