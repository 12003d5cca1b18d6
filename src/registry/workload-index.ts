/** Workloads of all registries by address and by name (Istio reference 2.9, 2.10). */
import { compareStrings } from '../base/compare.js';
import type { Workload } from '../model/workload.js';
import { workloadKey } from '../model/workload.js';
import type { RegistryView, WorkloadIndex } from './view.js';

type Workloads = RegistryView['workloads'];

type Index = ReadonlyMap<string, readonly Workload[]>;

/** Made when they are first asked for, and kept as long as the registry's workloads do not change. */
const byAddress: Readonly<Record<Workload['kind'], WeakMap<Workloads, Index>>> = {
  Pod: new WeakMap(),
  WorkloadEntry: new WeakMap(),
};

/**
 * The index of several registries' workloads. Of one address come the Pods and then the WorkloadEntries, each in
 * the order of their registries, then by namespace and name.
 */
export function createWorkloadIndex(registries: readonly RegistryView[]): WorkloadIndex {
  return {
    byAddress: (address) => [
      ...workloadsAt(registries, 'Pod', address),
      ...workloadsAt(registries, 'WorkloadEntry', address),
    ],
    pod: (cluster, namespace, name) => {
      const key = workloadKey({ kind: 'Pod', namespace, name });
      for (const { workloads } of registries) {
        const pod = workloads.get(key);
        if (pod !== undefined && (cluster === '' || pod.cluster === cluster)) return pod;
      }
      return undefined;
    },
  };
}

/** The workloads of one kind at an address, in the order of the registries, then by namespace and name. */
export function workloadsAt(
  registries: readonly RegistryView[],
  kind: Workload['kind'],
  address: string,
): readonly Workload[] {
  return registries.flatMap(({ workloads }) => indexOf(workloads, kind).get(address) ?? []);
}

function indexOf(workloads: Workloads, kind: Workload['kind']): Index {
  const known = byAddress[kind].get(workloads);
  if (known !== undefined) return known;
  const index = new Map<string, Workload[]>();
  for (const workload of workloads.values()) {
    if (workload.kind !== kind) continue;
    for (const address of workload.addresses) {
      const others = index.get(address);
      if (others === undefined) index.set(address, [workload]);
      else others.push(workload);
    }
  }
  for (const group of index.values()) if (group.length > 1) group.sort(compareNames);
  byAddress[kind].set(workloads, index);
  return index;
}

function compareNames(a: Workload, b: Workload): number {
  return compareStrings(a.namespace, b.namespace) || compareStrings(a.name, b.name);
}
