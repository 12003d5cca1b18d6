import { describe, expect, it } from 'vitest';
import { aggregate } from '../../../../src/registry/aggregate.js';
import { pod, viewOf, workloadEntry } from './values.js';

const view = aggregate([
  viewOf('External', 'east', { workloads: [workloadEntry('vm', '10.0.0.1', { cluster: 'east' })] }),
  viewOf('Kubernetes', 'east', {
    workloads: [
      pod('b', '10.0.0.1', { cluster: 'east' }),
      pod('a', '10.0.0.1', { cluster: 'east', ready: false }),
      pod('c', '10.0.0.2', { cluster: 'east', addresses: ['10.0.0.2', 'fd00::2'] }),
      pod('same', '10.0.0.3', { cluster: 'east' }),
    ],
  }),
  viewOf('Kubernetes', 'west', { workloads: [pod('same', '10.1.0.3', { cluster: 'west' })] }),
]);

describe('WorkloadIndex', () => {
  it('finds all workloads of an address, by registry and name', () => {
    expect(view.workloads.byAddress('10.0.0.1').map(({ name }) => name)).toEqual(['a', 'b', 'vm']);
    expect(view.workloads.byAddress('fd00::2').map(({ name }) => name)).toEqual(['c']);
    expect(view.workloads.byAddress('10.9.9.9')).toEqual([]);
  });

  it.each([
    ['east', 'east'],
    ['west', 'west'],
    ['', 'east'],
    ['north', undefined],
  ])('finds a pod of cluster %j by name', (cluster, expected) => {
    expect(view.workloads.pod(cluster, 'shop', 'same')?.cluster).toBe(expected);
    expect(view.workloads.pod(cluster, 'pay', 'same')).toBeUndefined();
  });

  it('finds no WorkloadEntry by the name of a pod', () => {
    expect(view.workloads.pod('east', 'shop', 'vm')).toBeUndefined();
  });
});
